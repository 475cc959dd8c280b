import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** What takes a start long to load, and is not used before a first call, mail or page; and what only other threads use. */
const later = [
  "@bufbuild/protobuf",
  "@connectrpc/connect",
  "@libsql/client",
  "@modelcontextprotocol/sdk",
  "@nats-io/jetstream",
  "@nats-io/transport-node",
  "libsql",
  "nodemailer",
  "openid-client",
  "yaml",
  "src/gen/page-files.ts",
  "src/gen/schema.ts",
  "src/gen/site-files.ts",
  "src/gen/sql.ts",
];

test("a start loads nothing that it can load later", () => {
  const root = join(import.meta.dir, "..");
  const reached = loadedBy(join(root, "src/app/app.ts")).map((path) => path.replace(`${root}/`, ""));
  expect(reached).toContain("src/edge/http/http-app.ts");
  const isOf = (name: string, path: string) => path === name || path.startsWith(`${name}/`);
  expect(reached.filter((path) => later.some((name) => isOf(name, path)))).toEqual([]);
});

test("the threads of the database begin without the rest of Mars", () => {
  const reached = loadedBy(join(import.meta.dir, "../src/app/start.ts"));
  expect(reached.filter((path) => /\/src\/(?:api|edge|alerting|db)\//.test(path))).toEqual([
    join(import.meta.dir, "../src/db/database-address.ts"),
  ]);
});

/** The files and packages that are loaded with a file, itself among them. */
function loadedBy(file: string): string[] {
  const found = new Set([file]);
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  for (const path of found) {
    if (!path.startsWith("/")) continue;
    for (const { kind, path: to } of transpiler.scanImports(readFileSync(path, "utf8"))) {
      if (kind !== "import-statement") continue;
      found.add(to.startsWith(".") ? resolve(dirname(path), to) : to);
    }
  }
  return [...found];
}
