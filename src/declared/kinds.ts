/**
 * The kinds of things that a file declares, in the order in which they are put: a rule names sinks and calendars; and with the first
 * key a caller without one may do no more.
 */
import { ruleToJson, silenceToJson, sinkToJson } from "../alerting/json.ts";
import { changed, hidden } from "../alerting/sinks/hidden.ts";
import { deleteCalendar, listCalendars, putCalendar } from "../api/alert-calendars.ts";
import { deleteRule, listRules, putRule } from "../api/alert-rules.ts";
import { createSilence, deleteSilence, listSilences } from "../api/alert-silences.ts";
import { deleteSink, listSinks, putSink } from "../api/alert-sinks.ts";
import { getAttributes, putAttributes } from "../api/attributes.ts";
import { deleteCollector, listCollectors, putCollector } from "../api/collectors.ts";
import { listKeys, putKey, revokeKey } from "../api/keys.ts";
import { deleteLifecycle, getLifecycle, putLifecycle } from "../api/lifecycles.ts";
import { deleteRetention, getRetention, putRetention } from "../api/retentions.ts";
import { needsSecret } from "../api/source-input.ts";
import { deleteSource, listSources, putSource } from "../api/sources.ts";
import { deleteView, listViews, putView } from "../api/views.ts";
import { brokerCollectorToJson } from "../core/broker-collector.ts";
import { collectorMembers as brokerMembers, readBrokerCollector } from "../core/broker-collector-input.ts";
import { limitsToJson } from "../core/caller-limits.ts";
import { formatDuration } from "../core/duration.ts";
import { formatTime, nowMicros, parseTime } from "../core/time.ts";
import { definitionToJson } from "../lifecycle/definition.ts";
import { sourceToJson } from "../sources/source-json.ts";
import { type Json, type Kind, type Parsed, readEach, readList } from "./kind.ts";

/** With the id among its members. */
const withId = (id: string, value: unknown): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value, id } : { id, value };

const attributes: Kind = {
  name: "attributes",
  put: putAttributes,
  remove: putAttributes,
  input: (app_id, indexed) => ({ app_id, indexed }),
  inputField: "indexed",
  removal: (app_id) => ({ app_id, indexed: [] }),
  shown: (input) => [...(input as Parsed<typeof putAttributes>).indexed].sort(),
  read: (ask, apps) =>
    readEach(apps, async (app_id) => {
      const { indexed = [] } = (await ask(getAttributes, { app_id })) ?? {};
      const names = (indexed as readonly { readonly name: string }[]).map(({ name }) => name);
      return names.length === 0 ? undefined : names.sort();
    }),
};

const retention: Kind = {
  name: "retention",
  put: putRetention,
  remove: deleteRetention,
  input: (app_id, retention) => ({ app_id, retention }),
  inputField: "retention",
  removal: (app_id) => ({ app_id }),
  shown(input) {
    const { retention } = input as Parsed<typeof putRetention>;
    return retention === 0 ? "off" : formatDuration(retention);
  },
  read: (ask, apps) =>
    readEach(apps, async (app_id) => {
      const { own, retention } = (await ask(getRetention, { app_id })) ?? {};
      return own === true ? retention : undefined;
    }),
};

const calendars: Kind = {
  name: "calendars",
  put: putCalendar,
  remove: deleteCalendar,
  input: withId,
  removal: (id) => ({ id }),
  shown(input) {
    const { id, dates } = input as Parsed<typeof putCalendar>;
    const named = dates.map(({ date, name = null }) => ({ date, name }));
    return { id, dates: named.sort((a, b) => (a.date < b.date ? -1 : 1)) };
  },
  read: (ask) => readList(ask, listCalendars, "calendars"),
};

/** Values of these are shown as `(hidden)`, in what is wanted as in what there is. */
const secretMembers = ["url", "secret", "key", "headers"];

const sinks: Kind = {
  name: "sinks",
  put: putSink,
  remove: deleteSink,
  /** The file has all headers: those that it has not are removed, and not kept. */
  input(id, value) {
    const input = withId(id, value);
    return input.type === "webhook" && input.headers === undefined ? { ...input, headers: {} } : input;
  },
  removal: (id) => ({ id }),
  shown(input) {
    const { id, target } = input as Parsed<typeof putSink>;
    return comparable(sinkToJson({ ...target, id } as Parameters<typeof sinkToJson>[0]));
  },
  async read(ask) {
    const all = await readList(ask, listSinks, "sinks");
    return mapOf(all, comparable);
  },
  hasSecrets: (input) => secretMembers.some((name) => input[name] !== undefined),
  async tried(ask, input) {
    const { sink } = (await ask(putSink, { ...input, dry_run: true })) ?? {};
    return comparable(sink as Json);
  },
};

/** Without what is no part of a declaration, and with no headers where there are none. */
function comparable({ former_secret_until: _, headers, ...sink }: Json): Json {
  return Object.keys(headers ?? {}).length === 0 ? sink : { ...sink, headers };
}

const rules: Kind = {
  name: "rules",
  put: putRule,
  remove: deleteRule,
  input: withId,
  removal: (id) => ({ id }),
  shown: (input) => ruleToJson(input as Parsed<typeof putRule>),
  read: (ask) => readList(ask, listRules, "rules"),
};

/** By name. One whose end is past stays in the file, and is not made again. */
const silences: Kind = {
  name: "silences",
  put: createSilence,
  remove: deleteSilence,
  input(name, value) {
    const input = withId(name, value);
    const { id: _, ...members } = input;
    // A duration would end at another time with each application.
    return { ...members, name, until: input.until ?? "" };
  },
  removal: (id) => ({ id }),
  async removeBy(ask, name) {
    const found = await readList(ask, listSilences, "silences", "name");
    const id = found.get(name)?.id;
    if (id !== undefined) await ask(deleteSilence, { id });
  },
  ended(value) {
    const { until } = (value ?? {}) as { readonly until?: unknown };
    const at = typeof until === "string" ? parseTime(until) : "none";
    return typeof at === "number" && at <= nowMicros();
  },
  shown: (input) => declaredSilence(silenceToJson({ ...(input as Parsed<typeof createSilence>), id: 0 }, 0)),
  read: async (ask) =>
    mapOf(
      await readList(ask, listSilences, "silences", "name", ({ name }) => name !== null),
      declaredSilence,
    ),
};

/** Without what Mars gives it. */
function declaredSilence({ id: _, name: __, created_at, active, ...silence }: Json): unknown {
  return silence;
}

const lifecycles: Kind = {
  name: "lifecycles",
  put: putLifecycle,
  remove: deleteLifecycle,
  input: (app_id, lifecycle) => ({ app_id, lifecycle }),
  inputField: "lifecycle",
  removal: (app_id) => ({ app_id }),
  shown: (input) => definitionToJson((input as Parsed<typeof putLifecycle>).lifecycle),
  read: (ask, apps) =>
    readEach(apps, async (app_id) => {
      const { lifecycle, version } = (await ask(getLifecycle, { app_id })) ?? {};
      return lifecycle ?? (version as { readonly lifecycle: unknown } | undefined)?.lifecycle ?? undefined;
    }),
};

const sources: Kind = {
  name: "sources",
  put: putSource,
  remove: deleteSource,
  input: withId,
  removal: (id) => ({ id }),
  shown(input) {
    const { id, source } = input as Parsed<typeof putSource>;
    const { verify } = source;
    // A secret that it has not is kept, and shown as there.
    const secret = needsSecret(verify) || verify.secret !== undefined ? { secret: hidden } : {};
    return comparableSource(sourceToJson({ ...source, id, apps: [], verify: { ...verify, ...secret } }));
  },
  async read(ask) {
    return mapOf(await readList(ask, listSources, "sources"), comparableSource);
  },
  hasSecrets: (input) => (input.verify as Json | undefined)?.secret !== undefined,
  async tried(ask, input) {
    const { source } = (await ask(putSource, { ...input, dry_run: true })) ?? {};
    return comparableSource(source as Json);
  },
};

/** Without what is no part of a declaration. */
function comparableSource({ stats: _, mapping: __, apps: ___, verify, ...source }: Json): Json {
  const { former_secret_until: ____, ...rest } = verify as Json;
  return { ...source, verify: rest };
}

/** Of the caller's own: others' of the same name are theirs. */
const views: Kind = {
  name: "views",
  put: putView,
  remove: deleteView,
  /** One that only its file sees would be of no use. */
  input: (name, value) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? { shared: true, ...value, name }
      : { shared: true, name, address: value },
  removal: (name) => ({ name }),
  shown(input) {
    const { address, shared = false } = input as Parsed<typeof putView>;
    return { address, shared };
  },
  async read(ask) {
    const found = await readList(ask, listViews, "views", "name", ({ own }) => own === true);
    return mapOf(found, ({ address, shared }) => ({ address, shared }));
  },
};

const collectors: Kind = {
  name: "collectors",
  put: putCollector,
  remove: deleteCollector,
  input: withId,
  removal: (id) => ({ id }),
  shown(input) {
    const { id, ...given } = input as Parsed<typeof putCollector>;
    const { collector } = readBrokerCollector(id, given, "unknown");
    return collector && brokerCollectorToJson(collector);
  },
  async read(ask) {
    const found = await readList(ask, listCollectors, "collectors");
    return mapOf(found, collectorOf);
  },
  hasSecrets: () => true,
};

/** Without how it does. */
function collectorOf(one: Json): Json {
  const names = ["id", "url", ...brokerMembers];
  return Object.fromEntries(names.flatMap((name) => (one[name] == null ? [] : [[name, one[name]]])));
}

const keys: Kind = {
  name: "keys",
  put: putKey,
  remove: revokeKey,
  input: withId,
  removal: (id) => ({ id }),
  shown(input) {
    const { kind, apps, name, expires_at = 0, limits } = input as Parsed<typeof putKey>;
    const ends = expires_at === 0 ? null : formatTime(expires_at);
    return { kind, apps, name, expires_at: ends, limits: limitsToJson(limits), token: hidden };
  },
  async read(ask) {
    return mapOf(await readList(ask, listKeys, "keys"), declaredKey);
  },
  hasSecrets: () => true,
  async tried(ask, input) {
    const answer = (await ask(putKey, { ...input, dry_run: true })) ?? {};
    return declaredKey((answer.key ?? answer) as Json);
  },
};

/** What a file declares of a key. `shown` says of one that is tried whether its text is another. */
function declaredKey({ kind, apps, name, expires_at, limits, shown }: Json): unknown {
  return { kind, apps, name, expires_at, limits, token: shown === changed ? changed : hidden };
}

function mapOf(found: ReadonlyMap<string, Json>, shown: (one: Json) => unknown): Map<string, unknown> {
  return new Map([...found].map(([id, one]) => [id, shown(one)]));
}

export const kinds: readonly Kind[] = [
  attributes,
  retention,
  calendars,
  sinks,
  rules,
  silences,
  lifecycles,
  sources,
  views,
  collectors,
  keys,
];
