/** One word for one thing (see docs/glossary.md): words that were given up, each with the one that took its place. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "..");

const retired: Readonly<Record<string, string>> = {
  "lanes?": "collector",
  "trackers?": "projector",
  lives: "instances",
  "tall(y|ies)": "rollup deltas",
  "submissions?": "append request",
  upkeep: "maintenance",
  backlog: "log tail",
  "prospects?": "pending finding",
  standing: "status",
  recheck: "rebuild",
  "stretch(es)?": "range, page",
  "tells?|told|telling": "notify, send, publish",
  "hears?|heard": "receive, collect",
  anew: "again",
  "toldAt|told_at": "notifiedAt",
  overMs: "windowMs",
  "(?<!\\.)slices?": "chunk, page, range",
  "(some|any|every)body": "a client, a subscriber, a caller",
  "whoever|whatever": "the thing itself",
  "take[sn]? in|taking in": "accept, project",
  LifeSteps: "instance",
  "held apps?|heldApps": "paused apps",
};

const files = [
  "README.md",
  "ARCHITECTURE.md",
  ...new Glob("{src,proto,migrations,docs,scripts,test}/**/*.{ts,tsx,sql,proto,md,css,html}").scanSync(root),
].filter((path) => !path.startsWith("src/gen/") && path !== "test/words.test.ts");

test("retired words stay retired", () => {
  const faults = files.flatMap((path) => {
    const text = readFileSync(join(root, path), "utf8");
    return Object.entries(retired).flatMap(([word, instead]) =>
      [...text.matchAll(new RegExp(`\\b(?:${word})\\b`, "gi"))].map(
        ({ 0: found, index }) =>
          `${path}:${text.slice(0, index).split("\n").length} says ${found}: say ${instead}`,
      ),
    );
  });
  expect(faults).toEqual([]);
});
