/**
 * What the search at the top finds for a text: messages by an id, and by an attribute, `carrier=dhl` or `carrier:dhl`. Attributes are of
 * an app, so each match by one says which app it is of.
 */
import type { AnswerOf } from "../../api/operation-types.ts";
import { attributeParameter } from "./attribute-filters.ts";
import { call } from "./call.ts";
import { here, messageAddress, parameter, path, to } from "./route.ts";

type Summary = AnswerOf<"listMessages">["messages"][number];

export type Match =
  | { readonly kind: "message"; readonly message: Summary }
  /** A name that begins as the text does. */
  | { readonly kind: "name"; readonly name: string; readonly apps: readonly string[] }
  | {
      readonly kind: "value";
      readonly app: string;
      readonly name: string;
      readonly value: string;
      /** Of the latest 5,000 messages of the app; absent where none of them has the value. */
      readonly messages?: number;
    };

export interface Found {
  readonly matches: readonly Match[];
  /** Where the text names an attribute: how many apps have it, of which some may be left out. */
  readonly attribute?: { readonly name: string; readonly apps: number };
}

export const nothing: Found = { matches: [] };

const shownMax = 8;
const namesMax = 3;
/** Apps whose values are read for one text, and shown; the chosen one first. */
export const appsMax = 4;
/** How long names and values are good for, in milliseconds. */
const freshMs = 20_000;

/** Rejects where nothing can be read. */
export async function search(text: string, signal: AbortSignal): Promise<Found> {
  const messages = messagesOf(text, signal);
  const byAttribute = attributesOf(text).catch((): Found => nothing);
  const [ids, { matches, attribute }] = await Promise.all([messages, byAttribute]);
  const left = Math.max(0, shownMax - ids.length);
  // Ids come first: one that is typed as a whole is meant.
  const some = attribute === undefined ? matches.slice(0, Math.max(namesMax, left)) : matches;
  const shown = ids.slice(0, shownMax - Math.min(some.length, shownMax));
  return { matches: [...shown, ...some], ...(attribute !== undefined && { attribute }) };
}

/** Where a match leads. A name is not whole without a value. */
export function addressOfMatch(match: Exclude<Match, { readonly kind: "name" }>): string {
  if (match.kind === "message") return messageAddress(match.message);
  const { app, name, value } = match;
  const changes = { app_id: app, [attributeParameter(name)]: value };
  // Beside what the list of this app is filtered by already.
  const stays = path.peek() === "/messages" && parameter("app_id") === app;
  return stays ? here(changes) : to("/messages", changes);
}

/** What `Enter` means where no match is chosen; `undefined`: one of several, which only the user knows. */
export function meantBy(text: string, { matches, attribute }: Found): Match | "id" | undefined {
  if (attribute === undefined) return "id";
  if (matches.some((one) => one.kind === "message" && one.message.message_id === text)) return "id";
  const value = partsOf(text)?.value ?? "";
  // Not all apps that have it were asked.
  if (value === "" || attribute.apps > appsMax) return undefined;
  const whole = matches.flatMap((one) => (one.kind === "value" && one.value === value ? [one] : []));
  const had = whole.filter(({ messages }) => messages !== undefined);
  const sure = had.length > 0 ? had : whole;
  return sure.length === 1 ? sure[0] : undefined;
}

/** The name of an attribute and its value, as far as they are typed. */
export function partsOf(text: string): { readonly name: string; readonly value: string } | undefined {
  const [whole, name = "", value = ""] = /^([^=:]+)[=:](.*)$/s.exec(text) ?? [];
  return whole === undefined ? undefined : { name: name.trim(), value: value.trim() };
}

async function messagesOf(id: string, signal: AbortSignal): Promise<Match[]> {
  const pages = await Promise.allSettled([
    call("listMessages", { prefix: id, limit: shownMax, order: "updated" }, signal),
    call("listMessages", { external_id: id, limit: shownMax, order: "updated" }, signal),
  ]);
  const all = pages.flatMap((page) => (page.status === "fulfilled" ? page.value.messages : []));
  const known = new Map(all.map((one) => [JSON.stringify([one.app_id, one.message_id]), one]));
  return [...known.values()].map((message) => ({ kind: "message", message }));
}

async function attributesOf(text: string): Promise<Found> {
  const named = await appsByName();
  const parts = partsOf(text);
  if (parts === undefined) {
    const letters = text.toLowerCase();
    const names = [...named].filter(([name]) => name.toLowerCase().startsWith(letters));
    return { matches: names.slice(0, namesMax).map(([name, apps]) => ({ kind: "name", name, apps })) };
  }
  const { name, value } = parts;
  const apps = named.get(name);
  // An id may have these signs, too.
  if (apps === undefined) return nothing;
  const chosen = parameter("app_id");
  const within = chosen !== undefined && apps.includes(chosen) ? [chosen] : apps.slice(0, appsMax);
  const lists = await Promise.all(within.map((app) => valuesOf(app, name, value)));
  const each = Math.max(1, Math.floor(shownMax / within.length));
  return {
    matches: lists.flatMap((list) => list.slice(0, each)),
    attribute: { name, apps: within.length === 1 ? 1 : apps.length },
  };
}

/** Those that have the letters, the most frequent first; before them the one that is typed. */
async function valuesOf(app: string, name: string, typed: string): Promise<Match[]> {
  const counts = await countsOf(app, name);
  const letters = typed.toLowerCase();
  const had = counts.filter(({ value }) => value.toLowerCase().includes(letters));
  const exact = had.filter(({ value }) => value === typed);
  const ordered = [...exact, ...had.filter(({ value }) => value !== typed)];
  const matches = ordered.map((one): Match => ({ kind: "value", app, name, ...one }));
  // It may be of a message that is not among the latest.
  return exact.length > 0 || typed === ""
    ? matches
    : [...matches, { kind: "value", app, name, value: typed }];
}

type Counts = AnswerOf<"countMessages">["counts"];

/** What was read for one letter serves the next ones. */
const kept = new Map<string, { readonly until: number; readonly answer: Promise<unknown> }>();
const keptMax = 50;

function keep<Answer>(key: string, read: () => Promise<Answer>): Promise<Answer> {
  const before = kept.get(key);
  if (before !== undefined && performance.now() < before.until) return before.answer as Promise<Answer>;
  const answer = read();
  kept.delete(key);
  kept.set(key, { until: performance.now() + freshMs, answer });
  for (const oldest of kept.keys()) {
    if (kept.size <= keptMax) break;
    kept.delete(oldest);
  }
  answer.catch(() => {
    if (kept.get(key)?.answer === answer) kept.delete(key);
  });
  return answer;
}

function countsOf(app: string, name: string): Promise<Counts> {
  return keep(JSON.stringify([app, name]), async () => {
    const { counts } = await call("countMessages", { app_id: app, by: attributeParameter(name) });
    return counts;
  });
}

/** The apps that have each name indexed. */
function appsByName(): Promise<ReadonlyMap<string, readonly string[]>> {
  return keep("names", async () => {
    const { apps } = await call("listApps", { limit: 1_000 });
    const named = new Map<string, string[]>();
    for (const { app_id, indexed } of apps) {
      for (const name of indexed) named.set(name, [...(named.get(name) ?? []), app_id]);
    }
    return named;
  });
}
