/**
 * Port 4025 as an HTTP/2 server: h2spec against a running Mars, in cleartext and over TLS, and millions of frames that are nearly right
 * against its connections.
 *
 *     bun test/http2/run.ts [--frames 500000] [--seed 1] [dist/mars]      (without a path: this source tree)
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { createServerCertificate, writePair } from "../support/certificates.ts";
import { spawnMars } from "../support/process.ts";
import { fuzz } from "./fuzz.ts";

const h2spec = {
  tool: "h2spec",
  install: "go install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible",
};
/** With `--strict`. */
const cases = 146;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { frames: { type: "string", default: "500000" }, seed: { type: "string" } },
});

process.exitCode = await run(positionals[0]);

async function run(binary: string | undefined): Promise<number> {
  if (Bun.which(h2spec.tool) === null) {
    print(`http2: ${h2spec.tool} is missing: ${h2spec.install}`);
    return 1;
  }
  await runH2spec(binary, false);
  await runH2spec(binary, true);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const began = performance.now();
  const result = await fuzz({ frames: Number(values.frames), seed });
  const seconds = Math.round((performance.now() - began) / 1_000);
  print(`fuzz: ok, seed ${seed}, ${seconds} s: ${JSON.stringify(result)}`);
  return 0;
}

async function runH2spec(binary: string | undefined, tls: boolean): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), "mars-h2-"));
  const command = binary === undefined ? {} : { command: [resolve(binary)] };
  const pair = tls ? writePair(dataDir, createServerCertificate()) : undefined;
  const env = pair && { MARS_TLS_CERT: pair.tlsCert, MARS_TLS_KEY: pair.tlsKey };
  const mars = await spawnMars({ dataDir: join(dataDir, "data"), ...(env && { env }), ...command });
  try {
    const child = Bun.spawn(
      [h2spec.tool, "--strict", "-h", "127.0.0.1", "-p", `${mars.grpcPort}`, ...(tls ? ["-t", "-k"] : [])],
      { stdout: "pipe", stderr: "inherit" },
    );
    const text = await new Response(child.stdout).text();
    const summary = /\d+ tests, .*/.exec(text)?.[0] ?? text;
    if ((await child.exited) !== 0 || !summary.startsWith(`${cases} tests, ${cases} passed`)) {
      throw new Error(`h2spec: ${text}`);
    }
    print(`h2spec ${tls ? "over TLS" : "in cleartext"}: ${summary}`);
  } finally {
    await mars.kill("SIGKILL");
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
