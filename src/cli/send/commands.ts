/** The commands that send events. */
import { parseDuration } from "../../core/duration.ts";
import type { Arguments } from "../arguments.ts";
import type { Flag } from "../flag.ts";
import { frontFlags, type GeneralFlag } from "../front-flags.ts";
import type { OwnCommand } from "../own-command.ts";
import { parsedObject } from "../request.ts";
import { patienceDefault, sendFrom } from "./send.ts";
import { oneEvent, openSource } from "./source.ts";

const file: GeneralFlag = {
  names: ["--file", "-f"],
  value: "file",
  meaning: "Events as lines of JSON, in a file, or - for stdin",
};
const run: GeneralFlag = {
  names: ["--run"],
  value: "name",
  meaning:
    "Begins the ids that events are given: a command that was cut short does no harm when it is repeated with its run",
};
const retryFor: GeneralFlag = {
  names: ["--retry-for"],
  value: "duration",
  meaning: `How long Mars may be away or overloaded before the command gives up. Default: ${patienceDefault}`,
};
const bySource: GeneralFlag = {
  names: ["--source"],
  value: "id",
  meaning: "The source by which Mars maps the payloads in the file",
};
const dryRun: GeneralFlag = {
  names: ["--dry-run"],
  meaning: "With --source: shows what would come out, the first 20 events; nothing is stored",
};
const general = [file, run, retryFor, ...frontFlags];

const text = { type: "string" } as const;
const member = (field: string, names: string[], description: string, type: Flag["type"] = "text"): Flag => ({
  field,
  names,
  place: "query",
  type,
  required: false,
  schema: { ...text, description },
});

/** The members of one event. */
const flags: readonly Flag[] = [
  member("app_id", ["--app-id", "--app"], "Of one event, which flags describe"),
  member("message_id", ["--message-id", "--message"], ""),
  member("event", ["--event"], "Its name"),
  member("created_at", ["--created-at"], "RFC 3339 with an offset. Default: the time of receipt"),
  member("event_id", ["--event-id"], "The id of its producer. Default: one that is made for this command"),
  member("external_id", ["--external-id", "--external"], "Another name by which the message can be found"),
  member("parent_id", ["--parent-id", "--parent"], "The message that this one is a part of"),
  member("traceparent", ["--traceparent"], "The trace that it belongs to, as W3C Trace Context has it"),
  member("attributes", ["--attributes"], "NAME=VALUE. Numbers, true and false are as such", "map"),
];

export const send: OwnCommand = {
  command: "send",
  usage: "[<event as JSON>]",
  summary:
    "Sends events: one as JSON or by flags, or many as lines of JSON from stdin or a file. Each that has no event_id gets one, so a call that is made again never doubles it.",
  grammar: { flags, general, othersMax: 1 },
  details: `Many events go in calls of 2,000 at most. What is refused of them is said by its line on stderr; the others are on disk.

  mars send --app shop --message order-1 --event paid
  mars send '{"app_id":"shop","message_id":"order-1","event":"paid"}'
  tail -F events.ndjson | mars send
`,
  problems(given) {
    const ways = waysOf(given);
    const problems = problemsOf(given);
    if (ways.length > 1) problems.push(`give ${ways.join(" or ")}, not both`);
    const [json] = given.others;
    if (json !== undefined && parsedObject(json) === undefined) {
      problems.push("the event must be a JSON object; of a file give --file");
    }
    return problems;
  },
  run(given, session) {
    const [json] = given.others;
    const single = json ?? (Object.keys(given.values).length > 0 ? eventOf(given.values) : undefined);
    if (single !== undefined) {
      // On one line: line ends in JSON are blanks.
      const line = single.replaceAll(/[\r\n]/g, " ");
      return sendFrom(given, session, { source: () => oneEvent(line), ids: "all", alone: true });
    }
    const path = given.general.get("--file") ?? "-";
    return sendFrom(given, session, { source: () => openSource(path, session.host), ids: "all" });
  },
};

export const importEvents: OwnCommand = {
  command: "import",
  usage: "[<file>]",
  summary:
    "Sends events of the past as they are, with their times and ids: those that mars export writes. From a file, or from stdin.",
  grammar: { flags: [], general: [bySource, dryRun, ...general], othersMax: 1 },
  details: `What is there already only counts as a repeat. An event that has neither created_at nor event_id gets an event_id.

With --source the file has payloads of a sender, one a line or in one JSON array, which Mars maps by that source.

  mars export --app shop > shop.ndjson
  mars import shop.ndjson --url https://other.example.com
  mars import --source payments charges.ndjson --dry-run
`,
  problems(given) {
    const problems = problemsOf(given);
    if (given.others.length > 0 && given.general.has("--file")) problems.push("give the file once");
    const mapped = given.general.has("--source");
    if (!mapped && given.general.has("--dry-run")) problems.push("--dry-run needs --source");
    if (mapped && given.general.has("--run"))
      problems.push("--run is for events: the ids of payloads come from their source");
    return problems;
  },
  run(given, session) {
    const path = given.others[0] ?? given.general.get("--file") ?? "-";
    const id = given.general.get("--source");
    if (id !== undefined) {
      const mapped = { source: id, dryRun: given.general.has("--dry-run") };
      return sendFrom(given, session, {
        source: () => openSource(path, session.host),
        ids: "undated",
        mapped,
      });
    }
    return sendFrom(given, session, { source: () => openSource(path, session.host), ids: "undated" });
  },
};

function problemsOf({ general }: Arguments): string[] {
  const problems: string[] = [];
  const retry = general.get("--retry-for");
  if (retry !== undefined && parseDuration(retry) === undefined) {
    problems.push(`--retry-for must be a duration such as 30s, is ${retry}`);
  }
  const name = general.get("--run");
  if (name !== undefined && !/^[\x21-\x7e]{1,200}$/.test(name)) {
    problems.push("--run must be one word of at most 200 printable ASCII letters");
  }
  return problems;
}

function waysOf({ others, values, general }: Arguments): string[] {
  return [
    ...(others.length > 0 ? ["the event as JSON"] : []),
    ...(Object.keys(values).length > 0 ? ["its flags"] : []),
    ...(general.has("--file") ? ["--file"] : []),
  ];
}

function eventOf({ attributes, ...values }: Arguments["values"]): string {
  const entries = Object.entries((attributes ?? {}) as Readonly<Record<string, string>>);
  const read = entries.map(([name, value]): [string, unknown] => [name, scalarOf(value)]);
  return JSON.stringify({ ...values, ...(entries.length > 0 && { attributes: Object.fromEntries(read) }) });
}

/** A number only where it is written as JSON would write it back: `007` is a text. */
function scalarOf(value: string): unknown {
  if (value === "true" || value === "false") return value === "true";
  return value !== "" && String(Number(value)) === value && Number.isFinite(Number(value))
    ? Number(value)
    : value;
}
