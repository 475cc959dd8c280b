/**
 * `npm run test:openapi`: the OpenAPI document by the tools of others, against the real program. `openapi-spec-validator` holds it against the schema of
 * OpenAPI 3.1; `schemathesis` makes requests of it, good and bad, and holds each answer against it. `schemathesis.toml` has the rules
 * that the document cannot say, `serializers.py` the bodies that it cannot write.
 *
 *     bun test/openapi/run.ts dist/mars [--seconds 60] [--seed 1]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { spawnMars } from "../support/process.ts";

const { values, positionals } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: "1" } },
  allowPositionals: true,
});
const [binary] = positionals;
if (binary === undefined) throw new Error("the path of a binary is needed");
for (const tool of ["schemathesis", "openapi-spec-validator"]) {
  if (Bun.which(tool) === null) throw new Error(`${tool} is needed, and not here: see .ci/run`);
}

const work = mkdtempSync(join(tmpdir(), "mars-openapi-"));
/** With a key from the start: without one, the first that a request makes would lock out all that come after it. */
const key = "openapi-".repeat(4);
const authorization = `Bearer ${key}`;
const mars = await spawnMars({
  dataDir: join(work, "data"),
  command: [resolve(binary)],
  env: { MARS_ADMIN_KEY: key },
});
let code = 1;
try {
  const document = join(work, "openapi.json");
  await Bun.write(document, await fetch(`${mars.url}/openapi.json`));
  await run(["openapi-spec-validator", document]);
  await seed();
  const config = join(import.meta.dir, "schemathesis.toml");
  const header = ["--header", `Authorization: ${authorization}`];
  const bounds = ["--seed", values.seed, "--max-time", values.seconds, "--request-timeout", "10"];
  await run([
    "schemathesis",
    "--config-file",
    config,
    "run",
    document,
    "--url",
    mars.url,
    ...header,
    ...bounds,
  ]);
  code = 0;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
} finally {
  await mars.kill("SIGTERM");
  rmSync(work, { recursive: true, force: true });
}
process.exit(code);

/** An app with an indexed attribute and a message, so that calls find something. */
async function seed(): Promise<void> {
  const event = { app_id: "shop", message_id: "order-1", event: "created", attributes: { region: "north" } };
  await send("POST", "/api/event", event);
  await send("PUT", "/api/apps/shop/attributes", { indexed: ["region"] });
}

async function send(method: string, path: string, body: object): Promise<void> {
  const headers = { authorization, "content-type": "application/json" };
  const response = await fetch(mars.url + path, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path} is answered with ${response.status}`);
}

/** @throws where it fails */
async function run(command: readonly string[]): Promise<void> {
  const env = { ...process.env, SCHEMATHESIS_HOOKS: join(import.meta.dir, "serializers.py") };
  const child = Bun.spawn([...command], { cwd: work, env, stdio: ["ignore", "inherit", "inherit"] });
  const status = await child.exited;
  if (status !== 0) throw new Error(`${command[0]} ended with ${status}`);
}
