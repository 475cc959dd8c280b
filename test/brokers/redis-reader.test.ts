import { expect, test } from "bun:test";
import { RedisReader } from "../../src/brokers/redis/redis-reader.ts";

const source = { stream: "orders", group: "mars", consumer: "mars", field: "data" };
const never = new AbortController().signal;

test("the next entries are asked for while those before are on their way to the disk, as many as the window has room for", async () => {
  const asked: number[] = [];
  const answers: (() => void)[] = [];
  let id = 0;
  const sendRead = (...command: readonly string[]) => {
    const count = Number(command[command.indexOf("COUNT") + 1]);
    if (command.at(-1) !== ">") return Promise.resolve(null);
    asked.push(count);
    const entries = Array.from({ length: count }, () => [`${++id}-1`, ["data", "{}"]]);
    return new Promise((resolve) => answers.push(() => resolve({ orders: entries })));
  };
  const send = () => Promise.reject(new Error("no command is expected"));
  const reader = new RedisReader({ source, send, sendRead, window: { messages: 120, bytes: 1_000_000 } });
  const first = reader.read(never);
  await Bun.sleep(0);
  answers.shift()?.();
  const entries = await first;
  // Nothing is acknowledged, and the next ones are asked for already.
  expect(asked).toEqual([50, 70]);
  answers.shift()?.();
  expect(await reader.read(never)).toHaveLength(70);
  // The window is full.
  const third = reader.read(never);
  await Bun.sleep(0);
  expect(asked).toEqual([50, 70]);
  reader.acknowledged(entries);
  await Bun.sleep(0);
  expect(asked).toEqual([50, 70, 50]);
  answers.shift()?.();
  expect((await third)[0]?.entryId).toBe("121-1");
});

test("what is asked for ahead fails with the next read, and an abort ends one that waits", async () => {
  let calls = 0;
  const sendRead = (...command: readonly string[]) => {
    if (command.at(-1) !== ">") return Promise.resolve(null);
    calls += 1;
    if (calls === 1) return Promise.resolve({ orders: [["1-1", ["data", "{}"]]] });
    return Promise.reject(new Error("closed"));
  };
  const send = () => Promise.reject(new Error("no command is expected"));
  const reader = new RedisReader({ source, send, sendRead, window: { messages: 100, bytes: 1_000 } });
  expect(await reader.read(never)).toHaveLength(1);
  await Bun.sleep(0);
  await expect(reader.read(never)).rejects.toThrow("closed");
  const waiting = new RedisReader({
    source,
    send,
    sendRead: () => new Promise(() => undefined),
    window: { messages: 100, bytes: 1_000 },
  });
  const abort = new AbortController();
  const read = waiting.read(abort.signal);
  abort.abort();
  expect(await read).toEqual([]);
});
