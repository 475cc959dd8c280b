/** `mars completion`, and what the scripts of it call. */
import { operations } from "../../api/operations.ts";
import { parseClient } from "../../config/client.ts";
import { withNamedFile } from "../../config/config-file.ts";
import { ProfileError, readProfiles } from "../../config/profiles.ts";
import { harmless } from "../cell.ts";
import { exitCode } from "../exit-code.ts";
import { frontFlags, serverFlags } from "../front-flags.ts";
import type { Host } from "../host.ts";
import type { OwnCommand } from "../own-command.ts";
import { type Candidate, candidatesAt } from "./candidates.ts";
import { liveValues } from "./live-values.ts";
import { filesLine, type Shell, scripts } from "./scripts.ts";

const help = frontFlags.filter(({ names: [name] }) => name === "--help");
const meaningMax = 80;

export const completion: OwnCommand = {
  command: "completion",
  usage: "<shell>",
  summary:
    "Prints a script that completes commands, flags and values in a shell: apps, messages, topics and ids come from the Mars that is called.",
  grammar: { flags: [], general: help, othersMax: 1 },
  details: `  bash, in ~/.bashrc:                 source <(mars completion bash)
  zsh, in ~/.zshrc, after compinit:   source <(mars completion zsh)
  fish, in config.fish:               mars completion fish | source
`,
  problems({ others: [shell] }) {
    if (shell !== undefined && Object.hasOwn(scripts, shell)) return [];
    return [shell === undefined ? "the shell is missing: bash, zsh or fish" : `no completion for ${shell}`];
  },
  async offline({ others: [shell] }, host) {
    host.print(scripts[shell as Shell]);
    return exitCode.done;
  },
};

export const complete: OwnCommand = {
  command: "complete",
  usage: "-- <word>…",
  summary: "The words that may stand where the last one stands, for the scripts of mars completion.",
  hidden: true,
  grammar: { flags: [], general: help, othersMax: Number.POSITIVE_INFINITY },
  async offline({ others: words }, host) {
    const { ownCommands } = await import("../own-commands.ts");
    const found = candidatesAt(words, { operations, own: ownCommands, others: host.commands });
    const last = words.at(-1) ?? "";
    const typed = last === "=" ? "" : last.slice(last.startsWith("--") ? last.indexOf("=") + 1 : 0);
    if (found.kind === "files") return print([{ word: filesLine }]);
    if (found.kind === "profiles") {
      return print(profileNames(host).filter(({ word }) => word.startsWith(typed)));
    }
    if (found.kind === "words") return print(found.words.filter(({ word }) => word.startsWith(typed)));
    // The Mars that the command would call.
    const flags = serverFlags.flatMap((name) => {
      const at = words.indexOf(name);
      const value = words[at + 1];
      return at === -1 || value === undefined || at + 1 === words.length - 1 ? [] : [name, value];
    });
    const read = await withNamedFile({ argv: [], env: host.env, readFile: host.readFile });
    if (!read.ok) return exitCode.done;
    const settings = parseClient({ ...read.sources, argv: flags });
    if (!settings.ok) return exitCode.done;
    const { client } = settings;
    if (client.local) host.bypassProxy(new URL(client.url).hostname);
    const values = await liveValues(found, typed, { client, agent: `mars/${host.version}` });
    return print(values.filter(({ word }) => word.startsWith(typed)));

    function print(candidates: readonly Candidate[]): number {
      const lines = candidates
        .filter(({ word }) => harmless(word) === word)
        .map(({ word, meaning = "" }) => (meaning === "" ? `${word}\n` : `${word}\t${shortOf(meaning)}\n`));
      host.print(lines.join(""));
      return exitCode.done;
    }
  },
};

function profileNames(host: Host): Candidate[] {
  try {
    return Object.entries(readProfiles(host).profiles).map(([word, { url }]) => ({ word, meaning: url }));
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    // The shell has no place for a reason; the command itself gives it.
    return [];
  }
}

/** The first sentence, as far as a line has room. */
function shortOf(meaning: string): string {
  const [sentence = ""] = meaning.replaceAll("`", "").split(/[.:;] |\n/);
  return sentence.slice(0, meaningMax);
}
