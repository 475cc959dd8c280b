/** Which callers may do what: kinds of key, the scopes that they have, and patterns of apps. */
import { appIdBytesMax } from "./limits.ts";
import { textProblem } from "./validate.ts";

/**
 * The permission that an operation needs. `ingest`: report events. `read`: stored data. `write`: lifecycles, alerts, triage.
 * `admin`: the rest.
 */
export type Scope = (typeof scopes)[number];

export const scopes = ["ingest", "read", "write", "admin"] as const;

/** The kind of a key, which is part of its text. */
export type KeyKind = (typeof keyKinds)[number];

export const keyKinds = ["in", "ro", "rw", "ad"] as const;

export const scopesOf: Readonly<Record<KeyKind, ReadonlySet<Scope>>> = {
  in: new Set(["ingest"]),
  ro: new Set(["read"]),
  rw: new Set(["read", "write"]),
  ad: new Set(scopes),
};

/** The most patterns of one key. */
export const appPatternsMax = 100;

/** The apps that patterns name. */
export interface AppRights {
  /** `shop`: this app. `shop-*`: every app whose id begins so. `*`: every app. */
  readonly apps: readonly string[];
  readonly allApps: boolean;
  mayApp(appId: string): boolean;
}

/** @returns what is wrong with a text that should be a pattern */
export function appPatternProblem(text: string): string | undefined {
  if (text === "") return "must not be empty";
  // `a*b` would be taken for all apps from a to b, and be none of them.
  if (text.slice(0, -1).includes("*")) return "may have a * at its end only";
  return textProblem(text, appIdBytesMax);
}

export function appRights(apps: readonly string[]): AppRights {
  const allApps = apps.includes("*");
  const exact = new Set(apps.filter((pattern) => !pattern.endsWith("*")));
  const prefixes = apps.filter((pattern) => pattern.endsWith("*")).map((pattern) => pattern.slice(0, -1));
  return {
    apps,
    allApps,
    mayApp: (appId) => allApps || exact.has(appId) || prefixes.some((prefix) => appId.startsWith(prefix)),
  };
}

/** Whether everything that the pattern names is among the apps. */
export function coversPattern({ allApps, apps, mayApp }: AppRights, pattern: string): boolean {
  if (!pattern.endsWith("*")) return mayApp(pattern);
  const prefix = pattern.slice(0, -1);
  return allApps || apps.some((own) => own.endsWith("*") && prefix.startsWith(own.slice(0, -1)));
}
