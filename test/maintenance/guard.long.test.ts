import { expect, test } from "bun:test";
import { MarsError } from "../../src/core/error.ts";
import { guardFiles } from "../../src/maintenance/guard.ts";
import { createLog } from "../../src/runtime/log.ts";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { until } from "../support/until.ts";

function start() {
  const lines: Record<string, unknown>[] = [];
  const log = createLog("info", (line) => lines.push(JSON.parse(line)));
  const abort = new AbortController();
  const files = { journal: "", store: async () => "" };
  const blocked: string[] = [];
  const running = guardFiles(
    {
      journal: { missing: async () => files.journal },
      store: { missing: () => files.store() },
      block: (reason) => blocked.push(reason),
      supervisor: new Supervisor({ log }),
      log,
    },
    abort.signal,
  );
  const stop = async () => {
    abort.abort();
    await running;
  };
  return { files, blocked, lines, stop };
}

test("a missing file blocks events until it is back, with one line for each", async () => {
  const { files, blocked, lines, stop } = start();
  await until(() => blocked.length === 1);
  files.journal = "/data/journal/1.segment";
  // Not asked while the journal is at fault: its thread may take its time.
  files.store = () => Promise.reject(new Error("asked in vain"));
  await until(() => blocked.at(-1) !== "");
  files.journal = "";
  files.store = async () => "";
  await until(() => blocked.at(-1) === "");
  const events = lines.filter(({ file }) => file !== undefined).map(({ event, file }) => [event, file]);
  expect(events).toEqual([
    ["file_missing", "/data/journal/1.segment"],
    ["file_back", "/data/journal/1.segment"],
  ]);
  await stop();
});

test("a database that another Mars has taken blocks events for good", async () => {
  const { files, blocked, stop } = start();
  let asked = 0;
  files.store = async () => {
    asked += 1;
    if (asked === 1) throw new MarsError("fenced", "another Mars has the database");
    return "";
  };
  await until(() => asked > 1);
  expect(blocked.at(-1)).toBe("another Mars has the database");
  await stop();
});
