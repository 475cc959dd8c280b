import { expect, test } from "bun:test";
import { Worker } from "node:worker_threads";
import { createHealth } from "../../src/app/health.ts";
import { MarsError } from "../../src/core/error.ts";
import { startThread } from "../../src/workers/thread.ts";
import type { HangingPart } from "../support/hanging-worker.ts";
import { until } from "../support/until.ts";

function start(broken = false) {
  const worker = new Worker(new URL("../support/hanging-worker.ts", import.meta.url));
  return startThread<HangingPart>(worker, { broken });
}

const faultOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

test("a call that fails, and one whose answer cannot be copied, hold up none of those behind them", async () => {
  const thread = start();
  const { client } = thread;
  const [failed, uncopied, echoed] = await Promise.all([
    faultOf(client.fail()),
    faultOf(client.uncopyable()),
    client.echo(3),
  ]);
  expect(MarsError.from(failed)).toMatchObject({ code: "internal", cause: { name: "TypeError" } });
  expect((failed as Error).stack).toContain("hanging-worker");
  expect(uncopied).toBeInstanceOf(Error);
  expect(echoed).toBe(3);
  expect(thread.silentMs).toBe(0);
  await thread.stop(1_000);
});

test("a thread whose part cannot be made fails every call, and can be stopped", async () => {
  const thread = start(true);
  expect(await faultOf(thread.client.echo(1))).toMatchObject({ message: expect.stringContaining("no echo") });
  await thread.stop(1_000);
});

test("a thread that hangs is named by health, and stopping it has an end", async () => {
  const thread = start();
  await thread.client.echo(1);
  const hanging = faultOf(thread.client.hang());
  await until(
    () => thread.silentMs > 50,
    () => `${thread.silentMs}`,
  );
  let silentMs = 29_000;
  const health = createHealth({
    state: () => "serving",
    starting: () => "",
    refusal: () => "",
    supervisor: { stuck: () => [], waiting: () => [] },
    warnings: () => [],
    setAside: () => 0,
    threads: {
      store: { silentMs: 0 },
      query: {
        get silentMs() {
          return silentMs;
        },
      },
    },
  });
  expect(health().unready).toBe("");
  silentMs = 31_500;
  expect(health().unready).toBe("the query thread has not answered for 31 s");
  const before = performance.now();
  await faultOf(thread.stop(100));
  expect(performance.now() - before).toBeLessThan(3_000);
  expect(await hanging).toBeInstanceOf(Error);
});
