/**
 * Templates of webhooks: a text in which `{{incident.rule}}` stands for a part of the notification. There is nothing else: no
 * conditions, no loops, no code. Each value is escaped for the place where it stands, so that no id can end a string. Pure.
 */
import type { Links } from "../links.ts";
import type { Notification } from "../notification.ts";
import { notificationJson } from "../notification-json.ts";

export const templateBytesMax = 8_192;
export const contentTypes = ["application/json", "text/plain", "application/x-www-form-urlencoded"] as const;
export type ContentType = (typeof contentTypes)[number];

/** A notification has some 4 KiB, so that no body has more than half a MiB. */
const placesMax = 100;

const place = /\{\{\s*([a-z0-9_.]+)\s*\}\}/g;

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** The problem of a template, which completes "template …"; `undefined` for none. */
export function templateProblem(template: string, type: ContentType): string | undefined {
  const names = [...template.matchAll(place)].map(([, name = ""]) => name);
  if (names.length > placesMax) return `must have at most ${placesMax} places, has ${names.length}`;
  if (
    /\{\{|\}\}/.test(type === "application/json" ? outsideStructure(template) : template.replace(place, ""))
  )
    return "must have names in its places, such as {{incident.rule}}";
  const unknown = names.find((name) => !isKnown(name));
  if (unknown !== undefined) return `must name parts of a notification, has {{${unknown}}}`;
  if (type !== "application/json") return undefined;
  try {
    // A value in the place of a member's name would be none: null is the one that never is.
    JSON.parse(fill(template, type, () => null));
    return undefined;
  } catch {
    return "must be JSON where its places hold values";
  }
}

/** @param template one without a problem */
export function renderTemplate(
  template: string,
  type: ContentType,
  notification: Notification,
  links: Links | undefined,
): string {
  const view = viewOf(notification, links);
  return fill(template, type, (name) => valueAt(view, name));
}

/** What a template may name: a notification as webhooks have it, the incident's figures by a name of their own too. */
function viewOf(notification: Notification, links: Links | undefined): Json {
  const { type, timestamp, data } = JSON.parse(notificationJson(notification, links));
  const { text, incident } = data;
  return {
    type,
    timestamp,
    text,
    incident: incident === undefined ? null : { ...incident, figures: incident },
  };
}

function valueAt(view: Json, name: string): Json {
  let value: Json = view;
  for (const step of name.split(".")) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    value = Object.hasOwn(value, step) ? (value as Readonly<Record<string, Json>>)[step]! : null;
  }
  return value;
}

function fill(template: string, type: ContentType, read: (name: string) => Json): string {
  let from = 0;
  let quoted = false;
  let filled = "";
  for (const match of template.matchAll(place)) {
    const before = template.slice(from, match.index);
    quoted = endsQuoted(before, quoted);
    filled += before + escaped(read(match[1] ?? ""), type, quoted);
    from = match.index + match[0].length;
  }
  return filled + template.slice(from);
}

/** Whether the text ends within a JSON string. @param quoted whether it begins in one */
function endsQuoted(text: string, quoted: boolean): boolean {
  let inside = quoted;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') inside = !inside;
    else if (inside && text[at] === "\\") at += 1;
  }
  return inside;
}

function escaped(value: Json, type: ContentType, quoted: boolean): string {
  switch (type) {
    case "application/json":
      return quoted ? JSON.stringify(textOf(value)).slice(1, -1) : JSON.stringify(value);
    case "application/x-www-form-urlencoded":
      return encodeURIComponent(textOf(value).toWellFormed());
    case "text/plain":
      // An id must not begin a line of its own.
      return textOf(value).replace(/\p{Cc}/gu, " ");
  }
}

function textOf(value: Json): string {
  if (value === null) return "";
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(textOf).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The texts of a JSON template without its places: braces of its own stand side by side in `{"a":{"b":1}}`. */
function outsideStructure(template: string): string {
  return [...template.replace(place, "").matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([text]) => text).join("");
}

/** Names of which the parts are not known here: what conditions measure. */
const measured = /^incident\.(?:figures\.)?measured\.[a-z0-9_]+$/;

function isKnown(name: string): boolean {
  return known.has(name) || measured.test(name);
}

const sample: Notification = {
  type: "incident.opened",
  at: 0,
  text: "",
  incident: {
    ...{ id: 1, change: 1, rule: "", appId: "", kind: "missing", stage: "", after: "", openedAt: 0 },
    figures: { count: 0, fresh: 0, recent: 0, lateBy: 0, samples: [] },
  },
};

const known: ReadonlySet<string> = new Set(
  namesOf(viewOf(sample, { incident: "", group: "", messages: [] }), "").filter((name) => name !== ""),
);

function namesOf(value: Json, name: string): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [name];
  const inside = Object.entries(value).flatMap(([part, inner]) =>
    namesOf(inner, name === "" ? part : `${name}.${part}`),
  );
  return [name, ...inside];
}
