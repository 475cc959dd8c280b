/** Filters by attributes of messages, in the address: `attributes.region=north`. They are of one app. */
import { type Parameters, parameter, query } from "./route.ts";

const prefix = "attributes.";

/** By name; absent where there is none, or no app is chosen. */
export function attributeFilters(): Readonly<Record<string, string>> | undefined {
  if (parameter("app_id") === undefined) return undefined;
  const set = [...query.value].filter(([name, value]) => name.startsWith(prefix) && value !== "");
  return set.length === 0
    ? undefined
    : Object.fromEntries(set.map(([name, value]) => [name.slice(prefix.length), value]));
}

/** The parameter of the address, and of a query, for an attribute. */
export function attributeParameter(name: string): string {
  return prefix + name;
}

/** The same as parameters of an address. */
export function attributeParameters(): Parameters {
  const set = Object.entries(attributeFilters() ?? {});
  return Object.fromEntries(set.map(([name, value]) => [attributeParameter(name), value]));
}

/** Changes of the address that take away all filters by attributes. */
export function withoutAttributes(): Parameters {
  const names = [...query.value.keys()].filter((name) => name.startsWith(prefix));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

/** Behind the name of a topic of events. */
export function topicSuffix(filters: Readonly<Record<string, string>> | undefined): string {
  if (filters === undefined) return "";
  const parts = Object.entries(filters).map(
    ([name, value]) => `${prefix}${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return `?${parts.join("&")}`;
}
