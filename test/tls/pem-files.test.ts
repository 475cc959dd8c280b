import { afterAll, describe, expect, test } from "bun:test";
import { createPrivateKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judgedText, readPair } from "../../src/tls/pem-files.ts";
import { createCertificate, createServerCertificate } from "../support/certificates.ts";

const home = mkdtempSync(join(tmpdir(), "mars-pem-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const now = Date.now();
const daysFromNow = (days: number) => new Date(now + days * 86_400_000);

interface Files {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
}

/** What is said of these files, of those that are not there too. */
async function judged({ cert, key, ca }: Files) {
  const path = (name: string, text: string | undefined) => {
    const file = join(home, text === undefined ? `no-${name}` : name);
    if (text !== undefined) writeFileSync(file, text);
    return file;
  };
  const judgement = await readPair(
    {
      tlsCert: path("cert.pem", cert),
      tlsKey: path("key.pem", key),
      tlsClientCa: ca === undefined ? "" : path("ca.pem", ca),
      tlsClientRequired: false,
    },
    now,
  );
  return judgement.ok
    ? judgedText(judgement, now)
    : judgement.problems.map((problem) => problem.replaceAll(`${home}/`, ""));
}

const authority = createCertificate({ name: "authority" });
const good = createServerCertificate({ issuer: authority });
const other = createServerCertificate();

describe("a pair that can be used", () => {
  test("is described by its names and its end", async () => {
    const until = new Date("2040-05-06T07:08:09Z");
    const pair = createServerCertificate({ until });
    expect(await judged(pair)).toBe("certificate of localhost, 127.0.0.1, until 2040-05-06T07:08:09Z\n");
    const plain = createCertificate({ name: "mars.example.com", until });
    expect(await judged(plain)).toBe("certificate of mars.example.com, until 2040-05-06T07:08:09Z\n");
  });

  test("ends with the first of its chain", async () => {
    const issuer = createCertificate({ name: "soon", until: daysFromNow(20) });
    const { cert, key } = createServerCertificate({ issuer });
    const end = daysFromNow(20).toISOString().slice(0, 19);
    expect(await judged({ cert: `${cert}${issuer.cert}`, key })).toContain(`until ${end}Z`);
  });

  test("needs attention fourteen days before its end, and before it is valid", async () => {
    expect(await judged(createServerCertificate({ until: daysFromNow(14.5) }))).not.toContain("attention");
    expect(await judged(createServerCertificate({ until: daysFromNow(13.5) }))).toContain(
      "attention: the certificate of localhost, 127.0.0.1 expires in 13 days, at ",
    );
    expect(await judged(createServerCertificate({ from: daysFromNow(1) }))).toContain("is not valid before ");
  });

  test("needs attention when a client authority has expired", async () => {
    const ca = createCertificate({ name: "old", until: daysFromNow(-1) }).cert;
    expect(await judged({ ...good, ca })).toContain("ca.pem: the certificate of old expired at ");
    expect(await judged({ ...good, ca: authority.cert })).not.toContain("attention");
  });
});

describe("a pair that cannot be used", () => {
  const encrypted = createPrivateKey(good.key)
    .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "p" })
    .toString();
  const broken = good.cert.replace(/\n.{40}/, "\nAAAA");
  const old = createServerCertificate({ until: daysFromNow(-1), issuer: authority });
  const oldIssuer = createCertificate({ name: "authority", until: daysFromNow(-1) });
  const cases: readonly (readonly [string, Files, readonly RegExp[]])[] = [
    ["no files", {}, [/no-cert\.pem/, /no-key\.pem/]],
    ["no certificate", { ...good, cert: "hello" }, [/^cert\.pem has no certificate in PEM form$/]],
    ["a broken certificate", { ...good, cert: broken }, [/^cert\.pem: certificate 1 cannot be parsed$/]],
    ["the key in place of the certificate", { ...good, cert: good.key }, [/no certificate in PEM form/]],
    ["no key", { ...good, key: good.cert }, [/^key\.pem has no private key in PEM form$/]],
    ["an encrypted key", { ...good, key: encrypted }, [/^key\.pem is encrypted/]],
    [
      "a broken key",
      { ...good, key: good.key.replace(/\n.{40}/, "\nAAAA") },
      [/^key\.pem: the private key cannot be parsed$/],
    ],
    [
      "another's key",
      { ...good, key: other.key },
      [/^key\.pem is not the key of the certificate in cert\.pem$/],
    ],
    [
      "the chain in the wrong order",
      { ...good, cert: `${authority.cert}${good.cert}` },
      [/^cert\.pem must begin with the certificate of key\.pem, before those of its issuers$/],
    ],
    ["an expired certificate", old, [/^cert\.pem: the certificate of localhost, 127\.0\.0\.1 expired at /]],
    [
      "an expired issuer",
      { ...good, cert: `${good.cert}${oldIssuer.cert}` },
      [/^cert\.pem: the certificate of authority expired at /],
    ],
    ["a client authority that is none", { ...good, ca: "x" }, [/^ca\.pem has no certificate in PEM form$/]],
    ["all at once", { cert: "a", key: "b", ca: "c" }, [/^cert/, /^key/, /^ca/]],
  ];
  test.each(cases)("%s: is refused in a sentence each", async (_, files, expected) => {
    const problems = await judged(files);
    expect(problems).toBeArrayOfSize(expected.length);
    for (const [i, pattern] of expected.entries()) expect(problems[i]).toMatch(pattern);
  });

  test("no sentence shows anything of a key", async () => {
    const key = good.key.replace("PRIVATE KEY", "RSA PRIVATE KEY");
    const secret = good.key.split("\n")[1] ?? "";
    expect(JSON.stringify(await judged({ ...good, key }))).not.toContain(secret.slice(0, 20));
  });
});
