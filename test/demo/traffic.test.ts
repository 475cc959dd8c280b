/** The demo's traffic: the same for the same seed, and with something for every screen. */
import { expect, test } from "bun:test";
import { catalogueOf } from "../../src/demo/catalogue.ts";
import type { DemoEvent } from "../../src/demo/message.ts";
import { liveOutage } from "../../src/demo/outage.ts";
import { pagePrefix } from "../../src/demo/page-prefix.ts";
import { Traffic } from "../../src/demo/traffic.ts";
import { parseDefinition } from "../support/definition.ts";

const startMs = Date.UTC(2026, 0, 31, 18);
const minute = 60_000;

interface Sent {
  readonly atMs: number;
  readonly event: DemoEvent;
}

function play(prefix = "", seed = 1): { past: DemoEvent[]; live: Sent[] } {
  const options = { seed, run: "r", prefix, startMs, days: 1, ordersPerDay: 200, liveRate: 0.8 };
  const traffic = new Traffic(options);
  const past: DemoEvent[] = [];
  for (let batch = traffic.take(startMs); batch.length > 0; batch = traffic.take(startMs))
    past.push(...batch);
  const live: Sent[] = [];
  for (let atMs = startMs; atMs < startMs + 6 * minute; atMs += 250) {
    for (const event of traffic.take(atMs)) live.push({ atMs, event });
  }
  return { past, live };
}

const { past, live } = play();

test("the same seed makes the same events, another one others", () => {
  expect(play().past).toEqual(past);
  expect(play("", 2).past).not.toEqual(past);
});

test("a prefix is of the names of all apps, and of those that lifecycles wait for", () => {
  const apps = catalogueOf(pagePrefix);
  const played = new Set(play(pagePrefix).past.map(({ app_id }) => app_id));
  expect([...played].sort()).toEqual(apps.map(({ appId }) => appId).sort());
  const linked = apps.flatMap(({ lifecycle }) => parseDefinition(lifecycle).stages.map(({ app }) => app));
  expect(linked.filter((app) => app !== undefined)).toEqual([`${pagePrefix}payments`]);
});

test("its lifecycles have stages of other apps, of several, of parts, alternatives, runs, and an end to waiting", () => {
  const definitions = catalogueOf("").map(({ lifecycle }) => parseDefinition(lifecycle));
  const stages = definitions.flatMap((one) => one.stages);
  expect(stages.some(({ app }) => app === "payments")).toBe(true);
  expect(stages.some(({ each }) => each !== undefined)).toBe(true);
  expect(stages.some(({ children }) => children !== undefined)).toBe(true);
  expect(stages.some(({ events }) => events.length > 1)).toBe(true);
  expect(definitions.some(({ reopenOn, recovers }) => reopenOn !== undefined && recovers)).toBe(true);
  expect(definitions.some(({ giveUpMs }) => giveUpMs !== undefined)).toBe(true);
  expect(past.some(({ event }) => event === "REOPENED")).toBe(true);
  expect(past.some(({ parent_id }) => parent_id !== undefined)).toBe(true);
});

test("every app has events from the first minutes of the present on", () => {
  const apps = new Set(live.map(({ event }) => event.app_id));
  expect(apps.size).toBe(catalogueOf("").length);
  expect(live[0]!.atMs).toBeLessThan(startMs + 5_000);
});

test("a minute after the start a carrier sends nothing for three minutes, but tries; then all that waited", () => {
  const { fromMs, untilMs } = liveOutage(startMs, startMs);
  expect([fromMs - startMs, untilMs - startMs]).toEqual([minute, 4 * minute]);
  const carriers = new Map(
    [...past, ...live.map(({ event }) => event)]
      .filter(({ event }) => event === "REQUESTED")
      .map(({ message_id, attributes }) => [message_id, attributes?.carrier]),
  );
  const of = (name: string) =>
    live
      .map(({ event }) => event)
      .filter(({ event, message_id }) => event === name && carriers.get(message_id) === "northtel");
  const sentAt = of("SENT_SMS").map(({ created_at }) => Date.parse(created_at));
  expect(sentAt.filter((atMs) => atMs >= fromMs && atMs < untilMs)).toEqual([]);
  expect(sentAt.filter((atMs) => atMs < fromMs)).not.toEqual([]);
  expect(of("SEND_RETRIED").length).toBeGreaterThan(5);
  const afterTries = of("SENT_SMS").filter(({ attributes }) => Number(attributes?.attempt) > 1);
  expect(afterTries.length).toBeGreaterThan(5);
});
