/** The kinds of things that a file declares, in the order in which they are put: a rule names sinks and calendars. */
import { ruleToJson, sinkToJson } from "../alerting/json.ts";
import { deleteCalendar, listCalendars, putCalendar } from "../api/alert-calendars.ts";
import { deleteRule, listRules, putRule } from "../api/alert-rules.ts";
import { deleteSink, listSinks, putSink } from "../api/alert-sinks.ts";
import { getAttributes, putAttributes } from "../api/attributes.ts";
import { deleteLifecycle, getLifecycle, putLifecycle } from "../api/lifecycles.ts";
import { deleteRetention, getRetention, putRetention } from "../api/retentions.ts";
import { formatDuration } from "../core/duration.ts";
import { definitionToJson } from "../lifecycle/definition.ts";
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
    return new Map([...all].map(([id, sink]) => [id, comparable(sink as Json)]));
  },
  hasSecrets: (input) => secretMembers.some((name) => input[name] !== undefined),
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

export const kinds: readonly Kind[] = [attributes, retention, calendars, sinks, rules, lifecycles];
