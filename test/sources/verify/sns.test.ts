/** SNS: signed by a certificate that is made here, fetched from Amazon's addresses only. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAmazons, SnsVerifier } from "../../../src/sources/verify/sns.ts";

const certificateUrl =
  "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-7ff5318490ec183fbaddaa2a969abfda.pem";
const topicArn = "arn:aws:sns:us-east-1:123456789012:mail";
let directory: string;
let key: string;
let certificate: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "sns-"));
  const out = (name: string) => join(directory, name);
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=sns.amazonaws.com",
      "-keyout",
      out("key"),
      "-out",
      out("pem"),
    ],
    { stdio: "ignore" },
  );
  key = readFileSync(out("key"), "utf8");
  certificate = readFileSync(out("pem"), "utf8");
});
afterAll(() => rmSync(directory, { recursive: true }));

function notification(version: "1" | "2", changes: Record<string, string> = {}): Record<string, string> {
  const message: Record<string, string> = {
    Type: "Notification",
    MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    TopicArn: topicArn,
    Subject: "My First Message",
    Message: "Hello world!",
    Timestamp: new Date().toISOString(),
    SignatureVersion: version,
    SigningCertURL: certificateUrl,
    ...changes,
  };
  const names =
    message.Type === "Notification"
      ? ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
      : ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
  const text = names
    .map((name) => (message[name] === undefined ? "" : `${name}\n${message[name]}\n`))
    .join("");
  const signature = sign(version === "1" ? "sha1" : "sha256", Buffer.from(text), key);
  return { ...message, Signature: signature.toString("base64") };
}

async function verify(message: object, fetched: string[] = []) {
  const verifier = new SnsVerifier(async (url) => {
    fetched.push(url);
    return certificate;
  });
  const delivery = { headers: {}, body: Buffer.from(JSON.stringify(message)) };
  const options = { verify: { scheme: "sns" as const, topicArn }, nowMs: Date.now() };
  const outcome = await verifier.verify(delivery, options);
  expect(await verifier.verify(delivery, options)).toEqual(outcome);
  return outcome;
}

describe.each(["1", "2"] as const)("signature version %s", (version) => {
  test("is taken, and its certificate fetched once", async () => {
    const fetched: string[] = [];
    expect(await verify(notification(version), fetched)).toEqual({ refusal: undefined });
    expect(fetched).toEqual([certificateUrl]);
  });
  test("is refused for another text, and for a subject that was added", async () => {
    const message = notification(version);
    expect((await verify({ ...message, Message: "Hello" })).refusal).toContain("signature");
    const { Subject: _, ...without } = message;
    expect((await verify(without)).refusal).toContain("signature");
  });
});

test("a subscription is to be confirmed at Amazon's own address only", async () => {
  const confirmation = (SubscribeURL: string) =>
    notification("2", { Type: "SubscriptionConfirmation", Token: "t", SubscribeURL });
  const good = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=x&Token=t";
  const { Subject: _, ...message } = confirmation(good);
  expect(await verify(message)).toEqual({ refusal: undefined, confirm: good });
  for (const url of [
    "http://sns.us-east-1.amazonaws.com/",
    "https://sns.us-east-1.amazonaws.com.evil.com/",
    "https://10.0.0.1/",
  ])
    expect((await verify(confirmation(url))).refusal).toContain("not Amazon's");
});

test("nothing is fetched for another topic or from another host", async () => {
  const fetched: string[] = [];
  const others = [
    notification("2", { TopicArn: "arn:aws:sns:us-east-1:999999999999:mail" }),
    notification("2", { SigningCertURL: "https://evil.com/x.pem" }),
    notification("2", { SigningCertURL: "https://sns.us-east-1.amazonaws.com:8443/x.pem" }),
    notification("2", { SigningCertURL: "https://a@sns.us-east-1.amazonaws.com/x.pem" }),
    notification("2", { SigningCertURL: "https://sns.us-east-1.amazonaws.com/x.txt" }),
    notification("2", { SigningCertURL: "http://sns.us-east-1.amazonaws.com/x.pem" }),
    notification("2", { SignatureVersion: "3" }),
    {},
    [],
  ];
  for (const message of others) expect((await verify(message, fetched)).refusal).toBeString();
  expect(fetched).toEqual([]);
});

test("hosts of SNS", () => {
  expect(isAmazons("https://sns.cn-north-1.amazonaws.com.cn/x.pem")).toBe(true);
  for (const url of [
    "https://sns.us-east-1.amazonaws.com@evil.com/",
    "https://evilsns.us-east-1.amazonaws.com/",
    "https://sns.amazonaws.com/",
    "nothing",
  ])
    expect([url, isAmazons(url)]).toEqual([url, false]);
});
