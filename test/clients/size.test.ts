/** Each client library is small enough to be read before it is trusted: lines of code, without comments and blank lines. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";

const root = join(import.meta.dir, "../..");
const comments = {
  typescript: /\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm,
  python: /^\s*"""[\s\S]*?"""|^\s*#.*$/gm,
  go: /^\s*\/\/.*$/gm,
};

test.each([
  { name: "typescript", files: "clients/typescript/src/*.ts", comment: comments.typescript, linesMax: 300 },
  { name: "python", files: "clients/python/src/**/*.py", comment: comments.python, linesMax: 300 },
  { name: "go", files: "clients/go/!(*_test).go", comment: comments.go, linesMax: 300 },
])("the client for $name has at most $linesMax lines of code", ({ files, comment, linesMax }) => {
  const texts = [...new Glob(files).scanSync(root)].map((path) => readFileSync(join(root, path), "utf8"));
  const lines = texts.flatMap((text) => text.replace(comment, "").split("\n"));
  const count = lines.filter((line) => line.trim() !== "").length;
  expect(count).toBeGreaterThan(100);
  expect(count).toBeLessThanOrEqual(linesMax);
});
