/** Profiles: names for the Mars that commands call, each with its address and key, in a file of the user. */
import { join } from "node:path";
import { nearest } from "../core/nearest.ts";
import type { Sources } from "./sources.ts";

export interface Profile {
  /** Without a slash at its end. */
  readonly url: string;
  /** It is sent to this address only. */
  readonly key?: string;
}

export interface Profiles {
  /** The one that is used where none is named. */
  readonly current?: string;
  readonly profiles: Readonly<Record<string, Profile>>;
}

/** A failure whose message is for the user. */
export class ProfileError extends Error {}

export const profileNameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const none: Profiles = { profiles: {} };

/** `$XDG_CONFIG_HOME/mars/profiles.json`, by default in `~/.config`; absent where there is no home. */
export function profilesPath(env: Sources["env"]): string | undefined {
  const { XDG_CONFIG_HOME: given, HOME: home } = env;
  // A relative path is to be ignored, by the specification of these directories.
  const config = given?.startsWith("/") ? given : home ? join(home, ".config") : undefined;
  return config === undefined ? undefined : join(config, "mars", "profiles.json");
}

/** None where there is no file. Throws `ProfileError` where it cannot be read, or is no list of profiles. */
export function readProfiles({ env, readFile }: Pick<Sources, "env" | "readFile">): Profiles {
  const path = profilesPath(env);
  if (path === undefined) return none;
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return none;
    throw new ProfileError(`${path} cannot be read: ${message}`);
  }
  const read = parsed(text);
  if (read === undefined) throw new ProfileError(`${path} is no file of profiles: mend it, or remove it`);
  return read;
}

/** The text of the file. */
export function profilesText(profiles: Profiles): string {
  return `${JSON.stringify(profiles, null, 2)}\n`;
}

/** Throws `ProfileError` where there is none of this name. */
export function profileNamed(name: string, { profiles }: Profiles): Profile {
  const found = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(profiles);
  const hint = nearest(name, names) || `: mars profile ${names.length === 0 ? "add" : "list"}`;
  throw new ProfileError(`there is no profile ${name}${hint}`);
}

/** Absent where the text is no list of profiles. */
function parsed(text: string): Profiles | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value) || !isObject(value.profiles)) return undefined;
  const { current, profiles } = value;
  const whole = Object.entries(profiles).every(([name, one]) => profileNameForm.test(name) && isProfile(one));
  if (!whole || !(current === undefined || typeof current === "string")) return undefined;
  return value as unknown as Profiles;
}

function isProfile(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.url === "string" &&
    (value.key === undefined || typeof value.key === "string")
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
