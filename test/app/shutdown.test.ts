import { expect, test } from "bun:test";
import { Shutdown } from "../../src/app/shutdown.ts";
import { createLog } from "../../src/runtime/log.ts";

test("every part is stopped, backwards, though one fails and one does not end, and the late one is named", async () => {
  const lines: Record<string, unknown>[] = [];
  const shutdown = new Shutdown(createLog("info", (line) => lines.push(JSON.parse(line))));
  const stopped: string[] = [];
  shutdown.defer("first", () => stopped.push("first"));
  shutdown.defer("hangs", () => new Promise(() => undefined));
  shutdown.defer("fails", () => {
    throw new TypeError("x is not a function");
  });
  shutdown.defer("last", async () => stopped.push("last"));
  expect(await shutdown.run(() => 0)).toEqual(["hangs"]);
  expect(stopped).toEqual(["last", "first"]);
  expect(lines).toMatchObject([
    { event: "stop_failed", part: "fails", error: { name: "TypeError" } },
    { event: "stop_late", part: "hangs" },
  ]);
});
