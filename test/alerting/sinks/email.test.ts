/** Passwords and mail servers. */

import { expect, test } from "bun:test";
import { type AddressInfo, createServer } from "node:net";
import type { Notification } from "../../../src/alerting/notification.ts";
import type { AlertSink } from "../../../src/alerting/sink.ts";
import { createMailer } from "../../../src/alerting/sinks/email.ts";
import { createSender } from "../../../src/alerting/sinks/sender.ts";
import { Targets } from "../../../src/alerting/sinks/target.ts";
import { PublisherPool } from "../../../src/brokers/publisher-pool.ts";

const noTopic = { publish: async () => {}, announce: () => {} };

const notification = { type: "test", at: 0, text: "a test" } as Notification;
const sink = { id: "s", type: "email", to: ["ops@example.com"] } as AlertSink;

/** A mail server that offers no STARTTLS, or has it taken out on the way, and keeps what it is sent. */
async function startPlainServer() {
  const lines: string[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.write("220 plain\r\n");
    socket.on("data", (bytes) => {
      const line = bytes.toString();
      lines.push(line);
      socket.write(line.startsWith("EHLO") ? "250-plain\r\n250 AUTH PLAIN LOGIN\r\n" : "502 no\r\n");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    lines,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

async function send(url: string) {
  const mailer = createMailer({ url, from: "mars@example.com", timeoutMs: 1_000 });
  const sender = createSender({
    topic: noTopic,
    brokers: new PublisherPool(),
    targets: new Targets([]),
    mailer,
    timeoutMs: 2_000,
    version: "test",
  });
  const { attempt } = await sender({ sink, webhookId: "msg_1", notification }, new AbortController().signal);
  return attempt;
}

test("a password is not sent to a server elsewhere that takes it in the clear", async () => {
  await using server = await startPlainServer();
  // This machine by an address that is not known for it: for Mars, elsewhere.
  const attempt = await send(`smtp://mars:secret@0.0.0.0:${server.port}`);
  expect(attempt.outcome).toBe("failed");
  const password = Buffer.from("secret").toString("base64").slice(0, 6);
  const commands = server.lines.join("");
  expect(commands).toStartWith("EHLO");
  expect(commands).not.toContain("AUTH");
  expect(commands).not.toContain(password);
});

test("nothing of a mail server's address is in an error", async () => {
  const attempt = await send("smtp://mars:secret@127.0.0.1:1");
  expect(attempt.error).toStartWith("mail server could not be used: E");
  expect(attempt.error).not.toMatch(/127\.0\.0\.1|secret/);
});
