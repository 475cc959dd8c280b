/** Receivers that answer strangely: each costs a bounded amount, and what is recorded of it names no more than it must. */

import { expect, test } from "bun:test";
import { type AddressInfo, createServer } from "node:net";
import type { Notification } from "../../../src/alerting/notification.ts";
import type { AlertSink } from "../../../src/alerting/sink.ts";
import { post } from "../../../src/alerting/sinks/http-post.ts";
import { createSender } from "../../../src/alerting/sinks/sender.ts";
import { Targets } from "../../../src/alerting/sinks/target.ts";
import { PublisherPool } from "../../../src/brokers/publisher-pool.ts";
import { startStrangeReceiver } from "../../support/strange-receiver.ts";

const noTopic = { publish: async () => {}, announce: () => {} };

const timeoutMs = 500;
const targets = new Targets(["127.0.0.1"]);
const notification: Notification = { type: "test", at: 0, text: "a test" } as Notification;

async function send(url: string) {
  const sender = createSender({
    topic: noTopic,
    brokers: new PublisherPool(),
    targets,
    mailer: undefined,
    timeoutMs,
    version: "test",
  });
  const sink = { id: "s", type: "slack", url } as AlertSink;
  const { attempt } = await sender({ sink, webhookId: "msg_1", notification }, new AbortController().signal);
  return attempt;
}

const ok = "HTTP/1.1 200 OK\r\n";
const late = `no answer within ${timeoutMs} ms`;
const strange: [title: string, first: string, rest: string, everyMs: number | undefined, error: string][] = [
  [
    "100 Continue for ever",
    "",
    "HTTP/1.1 100 Continue\r\n\r\n",
    undefined,
    "receiver sent more than 8 interim answers",
  ],
  [
    "early hints for ever",
    "",
    "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
    undefined,
    "receiver sent more than 8 interim answers",
  ],
  [
    "102 now and then",
    "",
    "HTTP/1.1 102 Processing\r\n\r\n",
    10,
    "receiver sent more than 8 interim answers",
  ],
  [
    "headers for ever",
    ok,
    "X-A: aaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
    undefined,
    "receiver answered with what is not HTTP",
  ],
  [
    "one header for ever",
    `${ok}X-A: `,
    "a".repeat(1_000),
    undefined,
    "receiver answered with what is not HTTP",
  ],
  [
    "a reason for ever",
    "HTTP/1.1 200 ",
    "a".repeat(1_000),
    undefined,
    "receiver answered with what is not HTTP",
  ],
  ["a head in drips", "HTTP/1.1 200", " ", 20, late],
  ["noise", "\x00\xff\x16\x03", "", undefined, "receiver answered with what is not HTTP"],
  [
    "a switch of protocols",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    "x",
    undefined,
    "receiver answered 101",
  ],
  [
    "a chunk extension for ever",
    "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n1;a=",
    "a".repeat(1_000),
    undefined,
    "receiver answered with what is not HTTP",
  ],
  ["an error's text in drips", "HTTP/1.1 500 No\r\nContent-Length: 100000\r\n\r\n", "x", 20, late],
  ["an error's text for ever", "HTTP/1.1 500 No\r\n\r\n", "x".repeat(1_000), undefined, "answered 500"],
  ["a success's text for ever", `${ok}\r\n`, "x".repeat(1_000), undefined, ""],
  ["a success's text in drips", `${ok}\r\n`, "x", 20, ""],
];

for (const [title, first, rest, everyMs, error] of strange) {
  test(`${title} costs little and ends in time`, async () => {
    await using receiver = await startStrangeReceiver(first, rest, everyMs);
    const cpu = process.cpuUsage();
    const began = performance.now();
    const attempt = await send(receiver.url);
    expect([attempt.error, attempt.outcome]).toEqual([error, error === "" ? "delivered" : "failed"]);
    expect(performance.now() - began).toBeLessThan(timeoutMs + 500);
    // The receiver is in this process too.
    const { user, system } = process.cpuUsage(cpu);
    expect(user + system).toBeLessThan(1_000_000);
    expect(attempt.response.length).toBeLessThanOrEqual(1_024);
    if (error === "") expect(attempt.response).toBe("");
  });
}

test("no error reveals which ports are open, or which addresses answer", async () => {
  const closed = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => closed.once("listening", resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const rude = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await new Promise((resolve) => rude.once("listening", resolve));
  const open = (rude.address() as AddressInfo).port;
  try {
    const refused = await send(`http://127.0.0.1:${port}/`);
    const reset = await send(`http://127.0.0.1:${open}/`);
    expect([refused.error, reset.error]).toEqual(Array(2).fill("receiver could not be connected to"));
    const tls = await send(`https://127.0.0.1:${open}/`);
    expect(tls.error).toStartWith("receiver could not be connected to");
    expect(tls.error).not.toContain("127.0.0.1");
  } finally {
    await new Promise((resolve) => rude.close(resolve));
  }
});

test("an interim answer or two are no fault", async () => {
  const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n";
  await using receiver = await startStrangeReceiver(`${interim}HTTP/1.1 204 No Content\r\n\r\n`);
  const url = new URL(receiver.url);
  const reply = await post(targets, { url, headers: {}, body: "{}" }, AbortSignal.timeout(5_000));
  expect(reply).toEqual({ status: 204, body: "", retryAfter: undefined });
});
