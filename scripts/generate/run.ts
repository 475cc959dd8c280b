/**
 * Writes the files that are made from others; `--check` only compares, and fails where one is out of date.
 *
 *     bun scripts/generate/run.ts [--check]
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { GeneratedFile } from "./generated-file.ts";
import { commandLine, reference } from "./reference.ts";
import { restRoutes } from "./rest-routes.ts";
import { rpcMethodsModule } from "./rpc-methods.ts";
import { sqlModule } from "./sql-module.ts";
import { storeSchema } from "./store-schema.ts";

const root = join(import.meta.dir, "../..");
const files: readonly GeneratedFile[] = [
  sqlModule,
  storeSchema,
  restRoutes,
  rpcMethodsModule,
  reference,
  commandLine,
];

for (const { path, text } of files) {
  const whole = join(root, path);
  const before = existsSync(whole) ? readFileSync(whole, "utf8") : "";
  const after = text(root);
  if (after === before) continue;
  if (process.argv.includes("--check")) {
    process.stderr.write(`${path} is out of date: npm run generate\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(whole, after);
  }
}
