import { expect, test } from "bun:test";
import type { UniversalHandler, UniversalServerRequest } from "@connectrpc/connect/protocol";
import { takeTurns } from "../../../src/edge/rpc/call-turns.ts";
import { Turns } from "../../../src/edge/turns.ts";

/** A handler that counts its calls, and calls it so often at once. */
function callAtOnce(count: number, signal: AbortSignal) {
  const seen = { calls: 0 };
  const counting = async () => {
    seen.calls++;
    return { status: 200 };
  };
  const handler = takeTurns(counting as Partial<UniversalHandler> as UniversalHandler, new Turns());
  const request: UniversalServerRequest = {
    httpVersion: "2",
    url: "http://127.0.0.1/",
    method: "POST",
    header: new Headers(),
    body: (async function* () {})(),
    signal,
  };
  return { seen, answers: Promise.all(Array.from({ length: count }, () => handler(request))) };
}

test("calls that are given up before their turn never begin", async () => {
  const gone = new AbortController();
  const { seen, answers } = callAtOnce(1_000, gone.signal);
  gone.abort();
  await answers;
  expect(seen.calls).toBe(16);
});

test("others all do, sixteen a turn of the event loop", async () => {
  const { seen, answers } = callAtOnce(100, new AbortController().signal);
  const perTurn: number[] = [];
  for (let before = -1; before !== seen.calls && seen.calls < 100; ) {
    before = seen.calls;
    await new Promise((resolve) => setImmediate(resolve));
    perTurn.push(seen.calls - before);
  }
  expect((await answers).every(({ status }) => status === 200)).toBe(true);
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(16);
});
