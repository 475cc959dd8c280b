/** The history of sizes of a whole Mars, over restarts. */
import { expect, test } from "bun:test";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLog } from "../../src/runtime/log.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { send, statsWhen } from "../support/rest.ts";

const sampled = async ({ url }: TestMars, points: number) =>
  (await statsWhen(url, ({ history }) => history.accepted.length >= points)).history;

test("a restart goes on with it, and a file that is none is begun again with a line of the log", async () => {
  const lines: string[] = [];
  const log = createLog("warn", (line) => void lines.push(line));
  await using first = await startMars({}, log);
  await sampled(first, 1);
  await send(first.url, { app_id: "shop", message_id: "m", event: "A" });
  await first.stop();
  const path = join(first.dataDir, "sizes.json");
  expect((await stat(path)).mode & 0o777).toBe(0o600);

  const second = await first.restart();
  const { accepted, database_bytes } = await sampled(second, 2);
  expect(accepted).toEqual([0, 0]);
  for (const bytes of database_bytes) expect(bytes).toBeGreaterThan(0);
  await second.stop();
  expect(lines.join("")).not.toContain("sizes");

  await writeFile(path, "no history");
  const third = await second.restart();
  expect((await sampled(third, 1)).accepted).toEqual([0]);
  await third.stop();
  expect(lines.join("")).toContain("sizes_unreadable");
  expect(JSON.parse(await readFile(path, "utf8")).points).toHaveLength(1);
});
