/** The names of the log's events are in the documentation, each once, and every line has one. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "../..");

/** Files that write to the log; frames of Phoenix have a member `event`, too. */
const sources = [...new Glob("src/**/*.ts").scanSync(root)]
  .filter((path) => !/^src\/(gen|ui|demo|edge\/phoenix)\//.test(path))
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));

const call = /\blog\??\.(?:debug|info|warn|error)\(/gi;
const name = /\bevent(?:: "|: string = "| = ")([a-z_]+)"/g;

test("each event of the log has one row in the table of events", () => {
  const used = sources
    // Others have events of messages.
    .filter(({ text }) => /\b#?log\b/i.test(text))
    .flatMap(({ text }) => [...text.matchAll(name)].map(([, found = ""]) => found));
  const [, section = ""] = readFileSync(join(root, "docs/operate.md"), "utf8").split("\n## Logs\n");
  const [table = ""] = section.slice(section.indexOf("| event | level |")).split("\n\n");
  const listed = table
    .split("\n")
    .flatMap((row) =>
      [...(row.split(" | ")[0] ?? "").matchAll(/`([a-z_]+)`/g)].map(([, found = ""]) => found),
    );
  expect([...new Set(used)].filter((one) => !listed.includes(one)).sort()).toEqual([]);
  expect(listed.filter((one, index) => listed.indexOf(one) !== index)).toEqual([]);
  expect(listed.length).toBeGreaterThan(50);
});

test("every line of the log has an event", () => {
  const without = sources.flatMap(({ path, text }) =>
    [...text.matchAll(call)]
      // Its fields follow, or are made just before.
      .map(({ index }) => text.slice(Math.max(0, index - 400), index + 400))
      .filter((around) => !/\bevent\b/.test(around))
      .map((around) => `${path}: ${around.slice(400, 500)}`),
  );
  expect(without).toEqual([]);
});
