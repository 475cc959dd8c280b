import { test } from "bun:test";
import { Retention } from "../../src/maintenance/retention.ts";
import { Clock } from "../../src/runtime/clock.ts";
import { createLog } from "../../src/runtime/log.ts";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { openStore } from "../support/store.ts";
import { until } from "../support/until.ts";

test("a step of the clock is recorded at once, so that a crash does not forget it", async () => {
  using opened = await openStore();
  const { store } = opened;
  const log = createLog("error", () => undefined);
  let aheadMs = 0;
  const time = { wallMs: () => Date.now() + aheadMs, steadyMs: () => performance.now() };
  const clock = new Clock({ log, graceMs: 0, time });
  const abort = new AbortController();
  const retention = new Retention({
    store,
    clock,
    retentionMs: Number.POSITIVE_INFINITY,
    countsRetentionMs: 86_400_000,
    log,
    supervisor: new Supervisor({ log }),
    deleted: () => undefined,
    signal: abort.signal,
  });
  await retention.resume();
  const running = retention.run();
  await until(
    async () => (await store.recallTime()) !== undefined,
    () => "nothing was recorded",
  );
  aheadMs = 20_000;
  await until(
    async () => ((await store.recallTime())?.skews?.known.length ?? 0) > 0,
    () => "the step was not recorded",
  );
  abort.abort();
  await running;
});
