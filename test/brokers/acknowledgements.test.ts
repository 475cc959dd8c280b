import { expect, test } from "bun:test";
import { Acknowledgements } from "../../src/brokers/acknowledgements.ts";
import type { BrokerMessage } from "../../src/brokers/engine.ts";

const message = (at: number): BrokerMessage => ({
  position: String(at),
  id: String(at),
  body: "{}",
  headers: () => ({}),
  redelivered: false,
});
const chunk = (from: number, count: number) => Array.from({ length: count }, (_, at) => message(from + at));

test("chunks that are on disk at the same moment are acknowledged by one command, each message once and in order", async () => {
  const commands: string[][] = [];
  const acknowledgements = new Acknowledgements({
    ack: async (messages) => void commands.push(messages.map(({ position }) => position)),
  });
  const synced = Promise.withResolvers<void>();
  const chunks = [chunk(0, 256), chunk(256, 256), chunk(512, 3)].map(async (messages) => {
    await synced.promise;
    await acknowledgements.ack(messages);
  });
  synced.resolve();
  await Promise.all(chunks);
  const all = chunk(0, 515).map(({ position }) => position);
  expect(commands).toEqual([all]);
  await acknowledgements.ack(chunk(515, 1));
  expect(commands).toEqual([all, ["515"]]);
});

test("one command has a bound, and what it fails with reaches all whose messages may be in it", async () => {
  const sizes: number[] = [];
  const acknowledgements = new Acknowledgements({
    async ack({ length }) {
      sizes.push(length);
      if (length < 1_024) throw new Error("lost");
    },
  });
  const acks = [chunk(0, 1_000), chunk(1_000, 1_100)].map((messages) => acknowledgements.ack(messages));
  const ends = await Promise.allSettled(acks);
  expect(sizes).toEqual([1_024, 1_024, 52]);
  expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});
