/** Clients' certificates on the gRPC port: each stands for the key that has its name. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { NewKey } from "../../../src/access/issue-key.ts";
import { KeyRing } from "../../../src/access/key-ring.ts";
import { KeysFile } from "../../../src/access/keys-file.ts";
import { nowMicros } from "../../../src/core/time.ts";
import { createStoreService } from "../../../src/workers/store-service.ts";
import { author } from "../../support/caller.ts";
import {
  type CertificateOptions,
  createCertificate,
  createServerCertificate,
  writePair,
} from "../../support/certificates.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { until } from "../../support/until.ts";
import { failure, rpcClients } from "./clients.ts";

const home = mkdtempSync(join(tmpdir(), "mars-client-certificate-"));
const server = createServerCertificate();
const authority = createCertificate({ name: "authority" });
const event = { appId: "shop", messageId: "m", event: "e" };

/** Makes keys in the database of a Mars that does not run. */
async function createKeys<Name extends string>(
  dataDir: string,
  keys: Readonly<Record<Name, Partial<NewKey>>>,
) {
  const store = createStoreService({ url: `file:${dataDir}/messages.db`, authToken: "", timeoutMs: 1_000 });
  await store.open({ id: "before", firstSeq: 0, lastSeq: 0, bytes: 0 });
  const ring = new KeyRing(store, new KeysFile(dataDir));
  await ring.load();
  const tokens = {} as Record<Name, string>;
  for (const [name, fields] of Object.entries<Partial<NewKey>>(keys)) {
    const { token } = await ring.create(
      { kind: "in", apps: ["shop"], name, expiresAt: 0, ...fields },
      author,
    );
    tokens[name as Name] = token;
  }
  store.close();
  return tokens;
}

function startWithClients(dataDir: string, files = mkdtempSync(join(home, "files-"))): Promise<TestMars> {
  const tlsClientCa = join(files, "ca.pem");
  writeFileSync(tlsClientCa, authority.cert);
  return startMars({ ...writePair(files, server), tlsClientCa, dataDir });
}

function clientOf(
  { grpcPort }: TestMars,
  certificate: Partial<CertificateOptions> | undefined,
  token?: string,
) {
  const shown = certificate && createCertificate({ name: "", issuer: authority, ...certificate });
  const { ingest } = rpcClients(
    createGrpcTransport({
      baseUrl: `https://127.0.0.1:${grpcPort}`,
      nodeOptions: { ca: server.cert, ...(shown && { cert: shown.cert, key: shown.key }) },
      interceptors: [
        (next) => (request) => {
          if (token !== undefined) request.header.set("authorization", `Bearer ${token}`);
          return next(request);
        },
      ],
    }),
  );
  return (appId = "shop") => ingest.collectEvent({ ...event, appId });
}

let mars: TestMars;
let tokens: Record<string, string>;
beforeAll(async () => {
  const dataDir = mkdtempSync(join(home, "data-"));
  tokens = await createKeys(dataDir, {
    billing: {},
    "spiffe://prod/billing": {},
    "billing.example.com": {},
    'http://a/x, DNS:admin "y"': {},
    old: { expiresAt: nowMicros() - 1 },
    reader: { kind: "ro" },
    other: { apps: ["other"] },
  });
  Object.assign(tokens, await createKeys(dataDir, { twice: {} }), await createKeys(dataDir, { twice: {} }));
  mars = await startWithClients(dataDir);
});
afterAll(async () => {
  await mars.stop();
  rmSync(home, { recursive: true, force: true });
});

describe("a certificate of the authority has the rights of the key with its name", () => {
  test.each<[string, Partial<CertificateOptions>]>([
    ["its common name", { name: "billing" }],
    ["its common name, before others", { name: "billing", alternatives: ["DNS:reader"] }],
    ["else its first URI", { alternatives: ["IP:127.0.0.1", "URI:spiffe://prod/billing", "DNS:reader"] }],
    ["or its first DNS name", { alternatives: ["DNS:billing.example.com", "URI:reader"] }],
    ["also one that looks like several", { alternatives: ['URI:http://a/x, DNS:admin "y"', "DNS:reader"] }],
  ])("%s", async (_, certificate) => {
    const collect = clientOf(mars, certificate);
    expect(await collect()).toMatchObject({ seq: expect.any(BigInt) });
    expect((await failure(collect("other"))).code).toBe(Code.PermissionDenied);
  });

  test("and no others", async () => {
    const denied = await failure(clientOf(mars, { name: "reader" })());
    expect([denied.code, denied.message]).toEqual([
      Code.PermissionDenied,
      expect.stringContaining("this needs the scope ingest"),
    ]);
  });
});

describe("who is nobody by its certificate needs a key", () => {
  test.each<[string, Partial<CertificateOptions> | undefined]>([
    ["no certificate", undefined],
    ["a certificate of itself", { name: "billing", issuer: undefined as never }],
    ["of another authority", { name: "billing", issuer: createCertificate({ name: "authority" }) }],
    ["one that has expired", { name: "billing", until: new Date(Date.now() - 1_000) }],
    ["a name that no key has", { name: "nobody" }],
    ["the name of a key that has expired", { name: "old" }],
    ["the name of two keys", { name: "twice" }],
    ["no name", {}],
  ])("%s", async (_, certificate) => {
    expect((await failure(clientOf(mars, certificate)())).code).toBe(Code.Unauthenticated);
    expect(await clientOf(mars, certificate, tokens.billing)()).toMatchObject({ seq: expect.any(BigInt) });
  });
});

test("a key in the metadata counts for more than the certificate", async () => {
  const certificate = { name: "billing" };
  const collect = clientOf(mars, certificate, tokens.other);
  expect(await collect("other")).toMatchObject({ seq: expect.any(BigInt) });
  expect((await failure(collect("shop"))).code).toBe(Code.PermissionDenied);
  expect((await failure(clientOf(mars, certificate, "mars_in_0")())).code).toBe(Code.Unauthenticated);
});

test("an authority that is taken away counts no more, on open connections neither", async () => {
  const files = mkdtempSync(join(home, "files-"));
  const dataDir = mkdtempSync(join(home, "data-"));
  await createKeys(dataDir, { billing: {} });
  await using changed = await startWithClients(dataDir, files);
  const other = createCertificate({ name: "authority" });
  const its = clientOf(changed, { name: "billing" });
  const others = clientOf(changed, { name: "billing", issuer: other });
  await its();
  writeFileSync(join(files, "ca.pem"), other.cert);
  await changed.reload();
  // The first call may meet the end of its connection.
  const refused = () =>
    its().then(
      () => false,
      ({ code }) => code === Code.Unauthenticated,
    );
  await until(refused, () => "a refusal");
  expect(await others()).toMatchObject({ seq: expect.any(BigInt) });
});

test("without any key every client is served, with any certificate and with none", async () => {
  await using open = await startWithClients(mkdtempSync(join(home, "open-")));
  for (const certificate of [
    undefined,
    { name: "billing" },
    { name: "billing", issuer: undefined as never },
  ]) {
    expect(await clientOf(open, certificate)()).toMatchObject({ seq: expect.any(BigInt) });
  }
});
