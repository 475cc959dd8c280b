/** Signing secrets that are replaced go on for a while, for receivers that still have them. */
import { expect, test } from "bun:test";
import { Webhook } from "standardwebhooks";
import { sinkToJson } from "../../../src/alerting/json.ts";
import type { AlertSink } from "../../../src/alerting/sink.ts";
import { overlapEnd, rotated, signingSecrets } from "../../../src/alerting/sinks/rotation.ts";
import { makeSecret } from "../../../src/alerting/sinks/webhook.ts";
import { nowMicros } from "../../../src/core/time.ts";
import { startAlerting } from "../../support/alerting.ts";
import { author } from "../../support/caller.ts";
import { type Received, startReceiver } from "../../support/receiver.ts";

const hour = 3_600_000_000;
const secrets = Array.from({ length: 6 }, makeSecret);
const webhook = (secret: string) => ({ type: "webhook", url: "https://example.com/", secret }) as const;

/** The places of the secrets by which it is signed. */
function signedBy({ body, headers }: Received): number[] {
  return secrets.flatMap((secret, index) => {
    try {
      new Webhook(secret).verify(body, { ...headers });
      return [index];
    } catch {
      // Signed by others.
      return [];
    }
  });
}

test("a webhook is signed by both secrets until the overlap ends, after a restart too", async () => {
  await using receiver = startReceiver();
  await using alerting = await startAlerting([receiver.url]);
  const target = { type: "webhook", url: receiver.url } as const;
  const shown = async () => sinkToJson((await alerting.opened.queries.alertSinks())[0]!);
  await alerting.alerts.putSink("0", { ...target, secret: secrets[0]! }, author, 0);
  expect(await shown()).not.toHaveProperty("former_secret_until");
  const before = nowMicros();
  await alerting.alerts.putSink("0", { ...target, secret: secrets[1]! }, author);
  const { former_secret_until: until = "" } = await shown();
  expect(Math.round((Date.parse(until) * 1_000 - before) / hour)).toBe(24);
  await alerting.restart();
  await alerting.stick(1);
  await receiver.count(1);
  expect(signedBy(receiver.received[0]!)).toEqual([0, 1]);
  expect(receiver.received[0]!.headers["webhook-signature"]!.split(" ")).toHaveLength(2);
  // Put again as it is shown, nothing changes.
  await alerting.alerts.putSink("0", { ...target, secret: "(hidden)" }, author);
  expect(await shown()).toHaveProperty("former_secret_until", until);
  expect(JSON.stringify(await shown())).not.toContain("whsec_");
  await alerting.alerts.putSink("0", { ...target, secret: "(hidden)" }, author, 0);
  await alerting.release();
  await receiver.count(2);
  expect(signedBy(receiver.received[1]!)).toEqual([1]);
});

test("former secrets end in time, are few, and one that is put again is none", () => {
  const rotate = (before: AlertSink | undefined, index: number, now: number) =>
    ({ ...rotated(webhook(secrets[index]!), before, { now, overlapMs: 3_600_000 }), id: "s" }) as AlertSink;
  const at = (sink: AlertSink, now: number) =>
    signingSecrets(sink as never, now).map((secret) => secrets.indexOf(secret));
  let sink = rotate(undefined, 0, 0);
  expect(at(sink, 0)).toEqual([0]);
  sink = rotate(sink, 1, 0);
  expect([at(sink, hour - 1), at(sink, hour)]).toEqual([[1, 0], [1]]);
  expect([overlapEnd(sink, 0), overlapEnd(sink, hour)]).toEqual([hour, undefined]);
  sink = rotate(sink, 0, 1);
  expect(at(sink, 1)).toEqual([0, 1]);
  for (const index of [2, 3, 4, 5]) sink = rotate(sink, index, index);
  expect(at(sink, 6)).toEqual([5, 4, 3, 2]);
});
