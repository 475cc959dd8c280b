/** `mars profile …`: names for the Mars that commands call, kept in a file of the user. */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { clientSettings } from "../../config/client-settings.ts";
import {
  ProfileError,
  type Profiles,
  profileNamed,
  profileNameForm,
  profilesPath,
  profilesText,
  readProfiles,
} from "../../config/profiles.ts";
import { ValueError } from "../../config/values.ts";
import { replaceFile } from "../../runtime/replace-file.ts";
import { harmless } from "../cell.ts";
import { exitCode } from "../exit-code.ts";
import { frontFlags, type GeneralFlag } from "../front-flags.ts";
import { readGiven } from "../given-file.ts";
import type { Host } from "../host.ts";
import type { OwnCommand } from "../own-command.ts";
import { tableOf } from "../table.ts";

const general = (...names: string[]) => frontFlags.filter(({ names: [name] }) => names.includes(name));
const help = general("--help");
const url: GeneralFlag = { names: ["--url"], value: "URL", meaning: "Its address. Required" };
const keyFile: GeneralFlag = {
  names: ["--key-file"],
  value: "path",
  meaning: "A file with the key, or - for stdin. It is copied into the file of profiles, and never shown",
};

const add: OwnCommand = {
  command: "profile add",
  usage: "<name>",
  summary: "Keeps the address of a Mars, and the key for it, under a name. The first one is used at once.",
  grammar: { flags: [], general: [url, keyFile, ...help], othersMax: 1 },
  details: `  mars profile add prod --url https://mars.example.com --key-file prod.key
  mars stuck --profile prod
`,
  problems: ({ others, general }) => [
    ...nameProblems(others),
    ...(general.has("--url") ? [] : ["--url is missing"]),
  ],
  async offline({ others: [name = ""], general }, host) {
    return changing(host, async (profiles) => {
      const address = clientSettings.url.parse(general.get("--url") ?? "");
      if (address === "") throw new ValueError("must not be empty");
      const key = await keyOf(general.get("--key-file"), host);
      const all = {
        current: profiles.current ?? name,
        profiles: { ...profiles.profiles, [name]: { url: address, ...(key !== "" && { key }) } },
      };
      return [all, `${name} is ${address}${all.current === name ? ", and in use" : ""}`];
    });
  },
};

const list: OwnCommand = {
  command: "profile list",
  usage: "",
  summary: "The profiles, and which one is in use; of a key only whether there is one.",
  grammar: { flags: [], general: general("--json", "--help") },
  async offline({ general }, host) {
    return reporting(host, async () => {
      const { current, profiles } = readProfiles(host);
      const rows = Object.entries(profiles).map(([name, { url, key }]) => ({
        name,
        url,
        key: key !== undefined,
        in_use: name === current,
      }));
      const { columns } = host;
      if (columns === undefined || general.has("--json"))
        host.print(`${JSON.stringify({ profiles: rows })}\n`);
      else if (rows.length === 0) host.print("none: mars profile add NAME --url URL\n");
      else host.print(tableOf(rows.map(wordsOf), { columns, colour: false }));
    });
  },
};

const use: OwnCommand = {
  command: "profile use",
  usage: "<name>",
  summary: "Lets commands call the Mars of this profile, where neither flags nor variables name another.",
  grammar: { flags: [], general: help, othersMax: 1 },
  problems: ({ others }) => nameProblems(others),
  async offline({ others: [name = ""] }, host) {
    return changing(host, async (profiles) => {
      const { url } = profileNamed(name, profiles);
      return [{ ...profiles, current: name }, `${name} is in use: ${url}`];
    });
  },
};

const remove: OwnCommand = {
  command: "profile remove",
  usage: "<name>",
  summary: "Forgets a profile, with its key.",
  grammar: { flags: [], general: help, othersMax: 1 },
  problems: ({ others }) => nameProblems(others),
  async offline({ others: [name = ""] }, host) {
    return changing(host, async (all) => {
      profileNamed(name, all);
      const { [name]: _, ...profiles } = all.profiles;
      const { current } = all;
      const kept = { ...(current !== undefined && current !== name && { current }), profiles };
      return [kept, `${name} is removed`];
    });
  },
};

export const profileCommands: readonly OwnCommand[] = [add, list, use, remove];

function nameProblems([name]: readonly string[]): string[] {
  if (name === undefined) return ["<name> is missing"];
  return profileNameForm.test(name)
    ? []
    : [
        "a name has letters, digits, dots, dashes and underscores, 64 at most, and begins with one of the first two",
      ];
}

async function keyOf(path: string | undefined, host: Host): Promise<string> {
  if (path === undefined) return "";
  const given = await readGiven(path, "--key-file", host);
  if ("problem" in given) throw new ProfileError(given.problem);
  const key = clientSettings.key.parse(given.text);
  if (key === "") throw new ProfileError("--key-file has no key in it");
  return key;
}

/** Reads the file, changes it and writes it as a whole, readable by its owner alone. */
function changing(host: Host, change: (profiles: Profiles) => Promise<[Profiles, string]>): Promise<number> {
  return reporting(host, async () => {
    const path = profilesPath(host.env);
    if (path === undefined)
      throw new ProfileError("there is no place for profiles: set HOME or XDG_CONFIG_HOME");
    const [profiles, said] = await change(readProfiles(host));
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await replaceFile(path, profilesText(profiles));
    } catch (error) {
      throw new ProfileError(
        `${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    host.print(`${said}\n`);
  });
}

async function reporting(host: Host, work: () => Promise<void>): Promise<number> {
  try {
    await work();
    return exitCode.done;
  } catch (error) {
    const known = error instanceof ProfileError || error instanceof ValueError;
    if (!known) throw error;
    host.complain(harmless(error instanceof ValueError ? `the value ${error.message}` : error.message));
    return exitCode.failed;
  }
}

function wordsOf(row: { readonly name: string; readonly url: string; key: boolean; in_use: boolean }) {
  return { name: row.name, url: row.url, key: row.key ? "yes" : "no", in_use: row.in_use ? "yes" : null };
}
