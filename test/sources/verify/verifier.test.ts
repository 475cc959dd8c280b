/** Signatures made by the senders' own algorithms and published examples: taken as they are, and refused in every other form. */
import { describe, expect, test } from "bun:test";
import { createHash, createHmac, generateKeyPairSync, sign } from "node:crypto";
import { Webhook } from "standardwebhooks";
import type { Verify } from "../../../src/sources/source.ts";
import type { Received } from "../../../src/sources/verify/verified.ts";
import { Verifier } from "../../../src/sources/verify/verifier.ts";

const nowMs = 1_780_000_000_000;
const seconds = nowMs / 1_000;
const verifier = new Verifier(() => Promise.reject(new Error("nothing is fetched here")));
const body = '{"id":"evt_1","text":"ü"}';
const url = "https://mars.example.com/in/s";
/** 32 bytes, as base64. */
const secret = `whsec_${Buffer.from("12345678901234567890123456789012").toString("base64")}`;

function hmac(algorithm: string, key: string | Buffer, text: string, encoding: "hex" | "base64"): string {
  return createHmac(algorithm, key).update(text).digest(encoding);
}

const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed25519 = generateKeyPairSync("ed25519");
const spki = p256.publicKey.export({ type: "spki", format: "der" }).toString("base64");
const whpk = `whpk_${ed25519.publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("base64")}`;

interface Case {
  readonly name: string;
  readonly verify: Verify;
  /** The headers that a sender makes at a time with a secret. */
  headers(at: number, key: string): Record<string, string>;
  readonly body?: string;
  readonly url?: string;
  /** Whether a time is signed, and an old one refused. */
  readonly timed?: boolean;
  /** Whether there is a secret, which may be replaced. */
  readonly rotates?: boolean;
}

const form = "MessageSid=SM1&MessageStatus=sent&To=%2B15&MessageStatus=sent";

const cases: readonly Case[] = [
  {
    name: "standard-webhooks, signed by the reference library",
    verify: { scheme: "standard-webhooks", secret },
    headers: (at, key) => ({
      "webhook-id": "msg_1",
      "webhook-timestamp": String(at),
      "webhook-signature": `v1,AAAA ${new Webhook(key).sign("msg_1", new Date(at * 1_000), body)}`,
    }),
    timed: true,
    rotates: true,
  },
  {
    name: "Svix' headers",
    verify: { scheme: "standard-webhooks", secret },
    headers: (at, key) => ({
      "svix-id": "msg_1",
      "svix-timestamp": String(at),
      "svix-signature": new Webhook(key).sign("msg_1", new Date(at * 1_000), body),
    }),
    timed: true,
    rotates: true,
  },
  {
    name: "standard-webhooks by a public key",
    verify: { scheme: "standard-webhooks", publicKey: whpk },
    headers: (at) => ({
      "webhook-id": "msg_1",
      "webhook-timestamp": String(at),
      "webhook-signature": `v1a,${sign(null, Buffer.from(`msg_1.${at}.${body}`), ed25519.privateKey).toString("base64")}`,
    }),
    timed: true,
  },
  {
    name: "stripe",
    verify: { scheme: "stripe", secret },
    headers: (at, key) => ({
      "stripe-signature": `t=${at},v1=00,v1=${hmac("sha256", key, `${at}.${body}`, "hex")},v0=6ffbb59b`,
    }),
    timed: true,
    rotates: true,
  },
  {
    name: "github",
    verify: { scheme: "github", secret },
    headers: (_, key) => ({ "x-hub-signature-256": `sha256=${hmac("sha256", key, body, "hex")}` }),
    rotates: true,
  },
  {
    name: "shopify",
    verify: { scheme: "shopify", secret },
    headers: (_, key) => ({ "x-shopify-hmac-sha256": hmac("sha256", key, body, "base64") }),
    rotates: true,
  },
  {
    name: "shopify without the prefix",
    verify: { scheme: "shopify", secret },
    headers: (_, key) => ({ "shopify-hmac-sha256": hmac("sha256", key, body, "base64") }),
    rotates: true,
  },
  {
    name: "sendgrid",
    verify: { scheme: "sendgrid", publicKey: spki },
    headers: (at) => ({
      "x-twilio-email-event-webhook-signature": sign(
        "sha256",
        Buffer.from(at + body),
        p256.privateKey,
      ).toString("base64"),
      "x-twilio-email-event-webhook-timestamp": String(at),
    }),
    timed: true,
  },
  {
    name: "twilio, whose form has a field twice",
    verify: { scheme: "twilio", secret },
    headers: (_, key) => ({
      "x-twilio-signature": hmac("sha1", key, `${url}MessageSidSM1MessageStatussentTo+15`, "base64"),
    }),
    body: form,
    rotates: true,
  },
  {
    name: "twilio that names the port",
    verify: { scheme: "twilio", secret },
    headers: (_, key) => ({
      "x-twilio-signature": hmac(
        "sha1",
        key,
        `https://mars.example.com:443/in/sMessageSidSM1MessageStatussentTo+15`,
        "base64",
      ),
    }),
    body: form,
    rotates: true,
  },
  {
    name: "twilio with JSON",
    verify: { scheme: "twilio", secret },
    url: `${url}?bodySHA256=${createHash("sha256").update(body).digest("hex")}`,
    headers: (_, key) => ({
      "x-twilio-signature": hmac(
        "sha1",
        key,
        `${url}?bodySHA256=${createHash("sha256").update(body).digest("hex")}`,
        "base64",
      ),
    }),
    rotates: true,
  },
  {
    name: "gitlab",
    verify: { scheme: "gitlab", secret },
    headers: (_, key) => ({ "x-gitlab-token": key }),
    rotates: true,
  },
  {
    name: "token",
    verify: { scheme: "token", secret, tokenHeader: "authorization" },
    headers: (_, key) => ({ authorization: `Bearer ${key}` }),
    rotates: true,
  },
  {
    name: "basic",
    verify: { scheme: "basic", secret, username: "postmark" },
    headers: (_, key) => ({ authorization: `Basic ${Buffer.from(`postmark:${key}`).toString("base64")}` }),
    rotates: true,
  },
  {
    name: "hmac as Paddle has it",
    verify: {
      scheme: "hmac",
      secret,
      hmac: {
        header: "paddle-signature",
        payload: "{timestamp}:{body}",
        separator: ";",
        timestampField: "ts",
        signatureField: "h1",
      },
    },
    headers: (at, key) => ({
      "paddle-signature": `ts=${at};h1=${hmac("sha256", key, `${at}:${body}`, "hex")}`,
    }),
    timed: true,
    rotates: true,
  },
  {
    name: "hmac as Slack has it",
    verify: {
      scheme: "hmac",
      secret,
      hmac: {
        header: "x-slack-signature",
        prefix: "v0=",
        payload: "v0:{timestamp}:{body}",
        timestampHeader: "x-slack-request-timestamp",
      },
    },
    headers: (at, key) => ({
      "x-slack-request-timestamp": String(at),
      "x-slack-signature": `v0=${hmac("sha256", key, `v0:${at}:${body}`, "hex")}`,
    }),
    timed: true,
    rotates: true,
  },
];

async function refusalOf(
  verify: Verify,
  received: Omit<Received, "url" | "body"> & { body?: string; url?: string },
) {
  const { refusal } = await verifier.verify(
    { verify },
    { url, ...received, body: Buffer.from(received.body ?? body) },
    nowMs,
  );
  return refusal;
}

describe.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
  const given = {
    ...(one.body !== undefined && { body: one.body }),
    ...(one.url !== undefined && { url: one.url }),
  };
  test("is taken as it was signed", async () => {
    expect(await refusalOf(one.verify, { ...given, headers: one.headers(seconds, secret) })).toBeUndefined();
  });
  test("is refused without its headers", async () => {
    expect(await refusalOf(one.verify, { ...given, headers: {} })).toBeString();
  });
  test("is refused with a header that is changed or garbage", async () => {
    for (const name of Object.keys(one.headers(seconds, secret))) {
      if (name === "svix-id" || name === "webhook-id") continue;
      for (const text of [
        "",
        "x",
        "sha256=",
        "v1,",
        "t=,v1=",
        `Basic ${"x".repeat(64)}`,
        "\u0000",
        "a".repeat(10_000),
      ]) {
        const headers = { ...one.headers(seconds, secret), [name]: text };
        expect([name, text, await refusalOf(one.verify, { ...given, headers })]).toEqual([
          name,
          text,
          expect.any(String),
        ]);
      }
    }
  });
  test("is refused where it signs the body and that is another", async () => {
    if (["gitlab", "token", "basic"].includes(one.verify.scheme)) return;
    const headers = one.headers(seconds, secret);
    expect(await refusalOf(one.verify, { ...given, headers, body: `${one.body ?? body}&x=1` })).toBeString();
  });
  test("is refused when it is too old or from ahead", async () => {
    if (!one.timed) return;
    for (const at of [seconds - 301, seconds + 301]) {
      expect(await refusalOf(one.verify, { ...given, headers: one.headers(at, secret) })).toContain(
        "timestamp",
      );
      const long = { ...one.verify, toleranceMs: 3_600_000 };
      expect(await refusalOf(long, { ...given, headers: one.headers(at, secret) })).toBeUndefined();
    }
    expect(
      await refusalOf(one.verify, { ...given, headers: one.headers(seconds - 299, secret) }),
    ).toBeUndefined();
  });
  test("is taken by the secret that was replaced, until that ends", async () => {
    if (!one.rotates) return;
    const other = `whsec_${Buffer.from("another secret of thirty-two byt").toString("base64")}`;
    const headers = one.headers(seconds, secret);
    const rotated = (until: number) => ({ ...one.verify, secret: other, formerSecrets: [{ secret, until }] });
    expect(await refusalOf({ ...one.verify, secret: other }, { ...given, headers })).toBeString();
    expect(await refusalOf(rotated(nowMs + 1), { ...given, headers })).toBeUndefined();
    expect(await refusalOf(rotated(nowMs - 1), { ...given, headers })).toBeString();
    expect(
      await refusalOf(rotated(nowMs + 1), { ...given, headers: one.headers(seconds, other) }),
    ).toBeUndefined();
  });
});

test("GitHub's published example", async () => {
  const headers = {
    "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
  };
  const verify: Verify = { scheme: "github", secret: ["It's a Secret to Every", "body"].join("") };
  expect(await refusalOf(verify, { headers, body: "Hello, World!" })).toBeUndefined();
});

test("Twilio's published example", async () => {
  const fields = {
    CallSid: "CA1234567890ABCDE",
    Digits: "1234",
    From: "+14158675309",
    To: "+18005551212",
    Caller: "+14158675309",
  };
  const received = {
    url: "https://mycompany.com/myapp.php?foo=1&bar=2",
    headers: { "x-twilio-signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8=" },
    body: String(new URLSearchParams(fields)),
  };
  expect(await refusalOf({ scheme: "twilio", secret: "12345" }, received)).toBeUndefined();
});

test("without a scheme everything is taken", async () => {
  expect(await refusalOf({ scheme: "none" }, { headers: {} })).toBeUndefined();
});
