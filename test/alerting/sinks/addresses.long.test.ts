/** The addresses of an e-mail sink may change while an incident is active: each is notified of the end, and once. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { type Alerting, startAlerting } from "../../support/alerting.ts";
import { author } from "../../support/caller.ts";
import { until } from "../../support/until.ts";

/** What each address was sent: the subjects, without counts. */
let mails: { to: string; what: string }[] = [];
let failing = false;
let server: SMTPServer;
let url = "";

beforeAll(async () => {
  server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk) => chunks.push(chunk));
      stream.on("end", () => {
        if (failing) return callback(new Error("not now"));
        const text = Buffer.concat(chunks).toString();
        const what = /resolved:/.test(text) ? "resolved" : /growing:/.test(text) ? "grown" : "opened";
        for (const { address } of session.envelope.rcptTo) mails.push({ to: address.split("@")[0]!, what });
        callback();
      });
    },
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  url = `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

const email = (...names: string[]) =>
  ({ type: "email", to: names.map((name) => `${name}@example.com`) }) as const;

async function start(...names: string[]): Promise<Alerting> {
  mails = [];
  failing = false;
  return startAlerting([email(...names)], {
    smtp: { url, from: "mars@example.com" },
    retryDelaysMs: [500, 500, 500, 500, 500, 500],
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
}

const sorted = () => mails.map(({ to, what }) => `${to} ${what}`).sort();
const count = (wanted: number) =>
  until(
    () => mails.length >= wanted,
    () => JSON.stringify(mails),
  );
const settled = ({ deliveries }: Alerting) =>
  deliveries(
    (page) => page.deliveries.length > 0 && page.deliveries.every(({ state }) => state !== "pending"),
  );

test("who is left out is notified of the end, and so is who stays, once", async () => {
  await using alerting = await start("ann", "bob");
  await alerting.stick(1);
  await settled(alerting);
  await count(2);
  await alerting.alerts.putSink("0", email("Bob", "cid"), author);
  await alerting.release();
  await count(5);
  await settled(alerting);
  expect(sorted()).toEqual(["Bob resolved", "ann opened", "ann resolved", "bob opened", "cid resolved"]);
});

test("who comes back is notified of the end once", async () => {
  await using alerting = await start("ann", "bob");
  await alerting.stick(1);
  await settled(alerting);
  await count(2);
  await alerting.alerts.putSink("0", email("bob"), author);
  await alerting.alerts.putSink("0", email("ann", "bob"), author);
  await alerting.release();
  await count(4);
  await settled(alerting);
  expect(sorted()).toEqual(["ann opened", "ann resolved", "bob opened", "bob resolved"]);
});

test("an end that waits to be sent goes to who is left out meanwhile", async () => {
  await using alerting = await start("ann", "bob");
  await alerting.stick(1);
  await settled(alerting);
  await count(2);
  failing = true;
  await alerting.release();
  await alerting.deliveries(({ deliveries: [one] }) => one?.notification.type === "incident.resolved");
  await alerting.alerts.putSink("0", email("bob"), author);
  failing = false;
  await count(4);
  await settled(alerting);
  expect(sorted()).toEqual(["ann opened", "ann resolved", "bob opened", "bob resolved"]);
});

test("where nobody stays, the former addresses and the new ones are notified", async () => {
  await using alerting = await start("ann");
  await alerting.stick(1);
  await settled(alerting);
  await alerting.alerts.putSink("0", email("bob"), author);
  await count(2);
  await settled(alerting);
  await alerting.release();
  await count(4);
  await settled(alerting);
  expect(sorted()).toEqual(["ann opened", "ann resolved", "bob opened", "bob resolved"]);
});
