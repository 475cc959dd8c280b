/** What is asked of the large database: every read of the dashboard and of triage, with each filter, deep pages, and filters that match little. */
import type { Mars } from "../bench.ts";
import type { ManyMessages } from "./database.ts";
import {
  carriers,
  customers,
  flowApps,
  pairApps,
  patternId,
  patternMessages,
  plainApps,
  regions,
  waitApps,
} from "./pattern.ts";
import { call } from "./send.ts";
import { batch, journeys, longMessage, rare } from "./specials.ts";

/** One question; `ask` has the path of the nth call. */
export interface Read {
  readonly name: string;
  ask(n: number): string;
  /** Of a `POST`. */
  readonly body?: unknown;
  /** Where the answer has its own bound, which is not that of reads. */
  readonly boundMs?: number;
}

const pagesDeep = 20;
/** Saved views, of all people together. */
const views = 100;
const minute = 60_000;
const day = 1_440 * minute;

export async function readsOf(mars: Mars, { prefixes }: ManyMessages): Promise<readonly Read[]> {
  const one = <T>(list: readonly T[], n: number) => list[(n * 2_654_435_761) % list.length]!;
  const time = (ago: number) => new Date(Date.now() - ago).toISOString();
  const query = (path: string, names: Readonly<Record<string, string>>) =>
    `${path}?${new URLSearchParams(names)}`;
  const messages = (names: Readonly<Record<string, string>>) => query("/api/messages", names);
  const flow = (n: number) => one(flowApps, n);
  /** A number of a message that is in every hundred, of one of the copies. */
  const id = (n: number, kind: number) =>
    `${one(prefixes, n)}${patternId(100 * ((n * 7_919) % (patternMessages / 100)) + kind)}`;
  const flowOf = (n: number) => flowApps[((n * 7_919) % (patternMessages / 100)) % flowApps.length]!;
  const list = (name: string, names: (n: number) => Readonly<Record<string, string>>): Read => ({
    name: `messages: ${name}`,
    ask: (n) => messages(names(n)),
  });
  const overdue = (name: string, names: (n: number) => Readonly<Record<string, string>>): Read => ({
    name: `overdue: ${name}`,
    ask: (n) => query("/api/overdue", names(n)),
  });
  const findings = (name: string, names: (n: number) => Readonly<Record<string, string>>): Read => ({
    name: `findings: ${name}`,
    ask: (n) => query("/api/findings", names(n)),
  });
  const long = `/api/apps/${longMessage.app}/messages/${longMessage.id}`;
  const app =
    (path: string, names: (n: number) => Readonly<Record<string, string>> = () => ({})) =>
    (n: number) =>
      query(`/api/apps/${flow(n)}/${path}`, names(n));
  const days = (count: number) => () => ({ since: time(count * day), until: time(0) });
  const deep = async (path: string, limit = 1_000) => {
    let cursor = "";
    for (let page = 0; page < pagesDeep; page++) {
      const next = `${path}${path.includes("?") ? "&" : "?"}limit=${limit}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
      const answer = (await call(mars, "GET", next)) as { next_cursor: string | null };
      if (answer.next_cursor === null) break;
      cursor = answer.next_cursor;
    }
    return cursor;
  };
  for (let n = 0; n < views; n++) {
    const address = messages({ app_id: flow(n), state: "overdue", stage: `S${n}` }).slice("/api".length);
    await call(mars, "PUT", `/api/views/view-${n}`, { address, shared: true });
  }
  const middle = await deep(`${long}/events`, 250);
  const [messagesDeep, overdueDeep, findingsDeep] = [
    await deep("/api/messages"),
    await deep("/api/overdue"),
    await deep("/api/findings"),
  ];
  return [
    { name: "overview", ask: () => "/api/overview" },
    { name: "overview of an app", ask: (n) => query("/api/overview", { app_id: flow(n) }) },
    { name: "apps", ask: () => "/api/apps" },
    { name: "overdue groups", ask: () => "/api/overdue/groups" },
    { name: "overdue groups: 200", ask: () => "/api/overdue/groups?limit=200" },
    { name: "overdue groups: of an app", ask: (n) => query("/api/overdue/groups", { app_id: flow(n) }) },
    { name: "overdue groups: triage", ask: () => "/api/overdue/groups?triage=none" },
    overdue("first page", () => ({})),
    overdue("page of 1,000", () => ({ limit: "1000" })),
    overdue(`page ${pagesDeep} of 1,000`, () => ({ limit: "1000", cursor: overdueDeep })),
    overdue("of an app", (n) => ({ app_id: flow(n) })),
    overdue("by stage", () => ({ stage: "SENT" })),
    overdue("by a stage that none has", () => ({ stage: "NONE" })),
    overdue("by app, attribute", (n) => ({ app_id: flow(n), "attributes.region": one(regions, n) })),
    overdue("by app, an attribute that one has", () => ({
      app_id: rare.app,
      "attributes.customer": rare.customer,
    })),
    overdue("by app, an attribute that none has", (n) => ({
      app_id: flow(n),
      "attributes.customer": "none",
    })),
    overdue("acknowledged", () => ({ triage: "acknowledged" })),
    list("first page", () => ({})),
    list("page of 1,000", () => ({ limit: "1000" })),
    list(`page ${pagesDeep} of 1,000`, () => ({ limit: "1000", cursor: messagesDeep })),
    list("oldest", () => ({ order: "oldest" })),
    list("updated", () => ({ order: "updated" })),
    list("overdue first", () => ({ order: "overdue" })),
    list("of an app", (n) => ({ app_id: flow(n) })),
    list("of an app that is not there", () => ({ app_id: "none" })),
    list("by message id", (n) => ({ message_id: id(n, 3) })),
    list("by external id", (n) => ({ external_id: `${one(prefixes, n)}journey-${n}-3` })),
    list("by prefix, narrow", (n) => ({ prefix: id(n, 3).slice(0, 10) })),
    list("by prefix, wide", (n) => ({ prefix: one(prefixes, n) })),
    list("by prefix, none", () => ({ prefix: "zzz" })),
    list("complete", () => ({ state: "complete" })),
    list("overdue", () => ({ state: "overdue" })),
    list("overdue, of an app", (n) => ({ app_id: flow(n), state: "overdue" })),
    list("abandoned, which none is", () => ({ state: "abandoned" })),
    list("failed, in an app that has none", (n) => ({ app_id: one(pairApps, n), state: "failed" })),
    list("open, of an app", (n) => ({ app_id: one(waitApps, n), state: "open" })),
    list("overdue for 3 days", () => ({ overdue_since: time(3 * day) })),
    list("stuck at a stage", (n) => ({
      app_id: flow(n),
      stage: "SENT",
      stage_state: "overdue",
      order: "overdue",
    })),
    list("waiting at a stage, which none is", (n) => ({
      app_id: flow(n),
      stage: "SENT",
      stage_state: "waiting",
    })),
    list("never came to a stage, which none is", () => ({ stage: "NONE", stage_state: "never" })),
    list("with and without an event", (n) => ({ app_id: flow(n), event: "PAID", missing: "SENT" })),
    list("with an event that none has", () => ({ event: "NONE" })),
    list("of an app, with an event that none has", (n) => ({ app_id: flow(n), event: "NONE" })),
    list("by attribute", (n) => ({ app_id: flow(n), "attributes.region": one(regions, n) })),
    list("by an attribute that few have", (n) => ({
      app_id: flow(n),
      "attributes.customer": `customer-${(n * 31) % customers}`,
    })),
    list("by an attribute that one has", () => ({ app_id: rare.app, "attributes.customer": rare.customer })),
    list("by an attribute that none has", (n) => ({ app_id: flow(n), "attributes.customer": "none" })),
    list("parts of a batch of 1,000", () => ({ app_id: batch.app, parent_id: batch.id })),
    list("parts of a batch that has none", () => ({ app_id: batch.app, parent_id: "none" })),
    list("by time", (n) => ({
      since: time((n % 9) * day + 6 * 60 * minute),
      until: time((n % 9) * day + 5 * 60 * minute),
    })),
    list("by a time of which none is", () => ({ since: time(40 * day), until: time(30 * day) })),
    list("by app, time, state, event, attribute", (n) => ({
      app_id: flow(n),
      since: time(8 * day),
      until: time(2 * day),
      state: "overdue",
      event: "CREATED",
      "attributes.region": one(regions, n),
      "attributes.carrier": `carrier-${n % carriers}`,
    })),
    list("by app, time, two attributes that none has both", (n) => ({
      app_id: flow(n),
      since: time(8 * day),
      "attributes.region": one(regions, n),
      "attributes.carrier": "none",
    })),
    list("by prefix, state, which none is", (n) => ({ prefix: one(prefixes, n), state: "abandoned" })),
    { name: "message", ask: (n) => `/api/apps/${flowOf(n)}/messages/${id(n, 3)}` },
    { name: "message of 1,000,000 events", ask: () => long },
    { name: "message of 1,000,000 events: 250", ask: () => `${long}?limit=250` },
    { name: "batch of 1,000 children", ask: () => `/api/apps/${batch.app}/messages/${batch.id}` },
    { name: "events: first 250 of 1,000,000", ask: () => `${long}/events?limit=250` },
    {
      name: "events: 250 in the middle",
      ask: () => `${long}/events?limit=250&cursor=${encodeURIComponent(middle)}`,
    },
    { name: "events: last 250", ask: () => `${long}/events?limit=250&order=desc` },
    { name: "events: 250 of a rare name", ask: () => `${long}/events?limit=250&event=CHECKED` },
    { name: "events: of a name that none has", ask: () => `${long}/events?limit=250&event=NONE` },
    { name: "journey of 2 messages", ask: (n) => `/api/journeys/${one(prefixes, n)}journey-${n}-3` },
    { name: "journey of 1,000 messages", ask: () => `/api/journeys/${journeys[0].externalId}?limit=100` },
    { name: "journey of 1,000 messages: 1,000 events", ask: () => `/api/journeys/${journeys[0].externalId}` },
    { name: "journey of 3,000 messages", ask: () => `/api/journeys/${journeys[1].externalId}?limit=100` },
    { name: "attributes", ask: app("attributes") },
    { name: "counts by attribute", ask: app("counts", () => ({ by: "attributes.carrier" })) },
    {
      name: "counts by attribute, overdue",
      ask: app("counts", () => ({ by: "attributes.carrier", state: "overdue" })),
    },
    {
      name: "counts by attribute, of a state that none has",
      ask: app("counts", () => ({ by: "attributes.carrier", state: "abandoned" })),
    },
    findings("first page", () => ({})),
    findings("page of 1,000", () => ({ limit: "1000" })),
    findings(`page ${pagesDeep} of 1,000`, () => ({ limit: "1000", cursor: findingsDeep })),
    findings("of an app", (n) => ({ app_id: flow(n) })),
    findings("of a message", (n) => ({ app_id: flowOf(n), message_id: id(n, 3) })),
    findings("retracted", () => ({ state: "retracted" })),
    findings("of a kind that none is", () => ({ kind: "failed" })),
    findings("of a stage that none has", () => ({ stage: "NONE" })),
    findings("acknowledged", () => ({ triage: "acknowledged" })),
    findings("resolved, which none is", () => ({ triage: "resolved" })),
    findings("of an app, resolved, which none is", (n) => ({ app_id: flow(n), triage: "resolved" })),
    findings("by time", () => ({ since: time(2 * day), until: time(0), order: "oldest" })),
    findings("by app, attribute", (n) => ({ app_id: flow(n), "attributes.region": one(regions, n) })),
    findings("by app, an attribute that none has", (n) => ({
      app_id: flow(n),
      "attributes.customer": "none",
    })),
    { name: "funnel of 10 days", ask: app("funnel", days(10)) },
    {
      name: "funnel of 10 days, by attribute",
      ask: app("funnel/by", () => ({ ...days(10)(), by: "attributes.carrier" })),
    },
    { name: "latency of 10 days", ask: app("latency", days(10)) },
    {
      name: "latency of an hour",
      ask: app("latency", () => ({ since: time(5 * 60 * minute), until: time(4 * 60 * minute) })),
    },
    { name: "latency series of 10 days", ask: app("latency/series", days(10)) },
    {
      name: "latency series of a day, a hop",
      ask: app("latency/series", () => ({ ...days(1)(), stage: "SENT", after: "PACKED" })),
    },
    { name: "rates of 10 days", ask: app("rates", days(10)) },
    { name: "skew", ask: app("skew") },
    { name: "skew, without a lifecycle", ask: (n) => `/api/apps/${one(plainApps, n)}/skew` },
    { name: "stats", ask: () => "/api/q/stats" },
    { name: "lifecycle", ask: app("lifecycle") },
    { name: "lifecycle versions", ask: app("lifecycle/versions") },
    { name: "lifecycle diff", ask: app("lifecycle/diff", () => ({ from: "1", to: "1" })) },
    { name: `saved views: ${views}`, ask: () => `/api/views?limit=${views}` },
    { name: "saved views of an app", ask: (n) => query("/api/views", { app_id: flow(n) }) },
    { name: "audit", ask: () => "/api/audit" },
    { name: "erasures", ask: () => "/api/erasures" },
    { name: "set aside", ask: () => "/api/set-aside" },
    { name: "incidents", ask: () => "/api/alerts/incidents" },
    { name: "incidents: active", ask: () => "/api/alerts/incidents?state=active&limit=100" },
    {
      name: "incidents: of an app that has none",
      ask: (n) => `/api/alerts/incidents?app_id=${one(waitApps, n)}`,
    },
    { name: "incident", ask: (n) => `/api/alerts/incidents/${1 + (n % 50)}` },
    // A file that one person saves.
    {
      name: "incident bundle",
      ask: (n) => `/api/alerts/incidents/${1 + (n % 50)}/bundle`,
      boundMs: 1_000,
    },
    { name: "deliveries", ask: () => "/api/alerts/deliveries" },
    { name: "deliveries: failed, which none is", ask: () => "/api/alerts/deliveries?state=failed" },
    { name: "silences", ask: () => "/api/alerts/silences" },
    { name: "rules", ask: () => "/api/alerts/rules" },
    {
      name: "preview of a rule, 7 days",
      ask: () => "/api/alerts/rules/preview",
      body: { rule: { at_least: 10, window: "15m", kinds: ["missing"] } },
      boundMs: 15_000,
    },
    {
      name: "triage by filter, dry run",
      ask: () => "/api/triage",
      body: { action: "acknowledge", dry_run: true, filter: { app_id: flowApps[3], stage: "PAID" } },
      boundMs: 2_000,
    },
  ];
}
