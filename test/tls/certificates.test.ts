import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TlsPair } from "../../src/core/tls.ts";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { openCertificates } from "../../src/tls/certificates.ts";
import { type Certificate, createServerCertificate, writePair } from "../support/certificates.ts";
import { until } from "../support/until.ts";

const home = mkdtempSync(join(tmpdir(), "mars-certificates-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Watches the pair of a directory, and quickly. */
async function watch(
  directory: string,
  { use = () => {}, settleMs = 20 }: { use?: (pair: TlsPair) => void; settleMs?: number } = {},
) {
  const lines: { readonly event: string }[] = [];
  const add = (_: string, fields: object = {}) => void lines.push(fields as { event: string });
  const log = { debug: add, info: add, warn: add, error: add };
  const supervisor = new Supervisor({ log });
  const certificates = await openCertificates(
    {
      tlsCert: join(directory, "cert.pem"),
      tlsKey: join(directory, "key.pem"),
      tlsClientCa: "",
      tlsClientRequired: false,
    },
    { log, supervisor, lookMs: 5, settleMs },
  );
  const stop = new AbortController();
  const watching = certificates.watch(use, stop.signal);
  return {
    certificates,
    logged: (event: string) => lines.filter((line) => line.event === event),
    uses: (pair: Certificate) => until(() => certificates.pair?.cert === pair.cert),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await watching;
    },
  };
}

function directory(name: string, pair: Certificate): string {
  const path = join(home, name);
  mkdirSync(path);
  writePair(path, pair);
  return path;
}

const [first, second, third] = [
  createServerCertificate(),
  createServerCertificate(),
  createServerCertificate(),
];

test("files that are written over are taken, once they belong together", async () => {
  const path = directory("over", first);
  const used: TlsPair[] = [];
  await using watched = await watch(path, { use: (pair) => used.push(pair), settleMs: 500 });
  // A pair is written in two steps; between them it does not match.
  writeFileSync(join(path, "cert.pem"), second.cert);
  await Bun.sleep(50);
  writeFileSync(join(path, "key.pem"), second.key);
  await watched.uses(second);
  expect(used.map(({ cert, key }) => ({ cert, key }))).toEqual([{ cert: second.cert, key: second.key }]);
  expect(watched.certificates.stats()).toMatchObject({ reloads: 1, failures: 0, last_error: "" });
});

test("files that are exchanged by a link, as Kubernetes does, are taken", async () => {
  const path = join(home, "mounted");
  mkdirSync(path);
  directory("mounted/..1", first);
  directory("mounted/..2", second);
  symlinkSync("..1", join(path, "..data"));
  for (const name of ["cert.pem", "key.pem"]) symlinkSync(`..data/${name}`, join(path, name));
  await using watched = await watch(path);
  symlinkSync("..2", join(path, "..data_tmp"));
  renameSync(join(path, "..data_tmp"), join(path, "..data"));
  await watched.uses(second);
});

test("a pair that cannot be used is refused once, and the former one stays until a good one comes", async () => {
  const path = directory("refused", first);
  await using watched = await watch(path);
  const { certificates } = watched;
  writeFileSync(join(path, "key.pem"), second.key);
  await until(() => certificates.warnings().length > 0);
  expect(certificates.warnings()).toEqual([
    `changed certificate refused: ${path}/key.pem is not the key of the certificate in ${path}/cert.pem`,
  ]);
  unlinkSync(join(path, "key.pem"));
  await until(() => certificates.stats()?.failures === 2);
  expect(certificates.warnings()[0]).toContain("no such file");
  expect(certificates.pair?.key).toBe(first.key);
  writePair(path, first);
  await until(() => certificates.warnings().length === 0);
  writePair(path, third);
  await watched.uses(third);
  expect(certificates.stats()).toMatchObject({ reloads: 1, failures: 2, last_error: "" });
  expect(watched.logged("tls_reload_failed")).toHaveLength(2);
  expect(watched.logged("tls_reloaded")).toHaveLength(1);
});

test("a pair that the servers do not take is tried again", async () => {
  const path = directory("untaken", first);
  let attempts = 0;
  await using watched = await watch(path, {
    use() {
      attempts += 1;
      if (attempts === 1) throw new Error("port is taken");
    },
  });
  writePair(path, second);
  await until(() => attempts === 1);
  expect(watched.certificates.warnings()).toHaveLength(1);
  await watched.uses(second);
  expect(watched.certificates.warnings()).toEqual([]);
});

test("a pair near its end is in the log at the start, and not at each look", async () => {
  const ending = createServerCertificate({ until: new Date(Date.now() + 3.5 * 86_400_000) });
  const path = directory("ending", ending);
  await using watched = await watch(path);
  await until(() => watched.logged("tls_warning").length > 0);
  expect(watched.certificates.warnings()[0]).toContain("expires in 3 days");
  writePair(path, createServerCertificate({ until: new Date(Date.now() + 90 * 86_400_000) }));
  await until(() => watched.certificates.warnings().length === 0);
  expect(watched.logged("tls_warning")).toHaveLength(1);
});
