/** `mars export`: the events of messages as lines of JSON, which `mars import` and `POST /api/event/bulk` accept. */
import { listEvents } from "../../api/listed-events.ts";
import { parseDuration } from "../../core/duration.ts";
import { harmless } from "../cell.ts";
import { exitCode, stoppedCode } from "../exit-code.ts";
import { flagsOf } from "../flag.ts";
import { frontFlags } from "../front-flags.ts";
import type { OwnCommand } from "../own-command.ts";
import { PatientCalls } from "../patience.ts";
import { createProgress } from "../progress.ts";
import { requestOf } from "../request.ts";

/** How long Mars may be away. */
const patienceMs = parseDuration("1m") ?? 0;
const own = ["limit", "cursor"];

/** The members of an event that its producer gives, beside the ids of its message. */
const members = ["event", "created_at", "event_id", "external_id", "parent_id", "attributes"] as const;

type Stored = Readonly<Partial<Record<(typeof members)[number], unknown>>> & {
  readonly app_id: string;
  readonly message_id: string;
  readonly seq: number;
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly trace_flags?: string;
};

interface Page {
  readonly events: readonly Stored[];
  readonly next_cursor: string | null;
  readonly as_of_seq: number;
}

/** Why it cannot go on, as sentences. */
class Ended extends Error {
  readonly sentences: readonly string[];

  constructor(sentences: readonly string[]) {
    super(sentences[0]);
    this.sentences = sentences;
  }
}

export const exportEvents: OwnCommand = {
  command: "export",
  usage: "",
  summary:
    "Writes all events of the messages that the filters choose, as lines of JSON that mars import takes. Without a filter: of all messages.",
  grammar: {
    flags: flagsOf(listEvents).filter(({ field }) => !own.includes(field)),
    general: frontFlags,
  },
  details: `Messages come oldest first, a page at a time; events of a message in their order. An export without a filter, or with --app alone,
ends at one place in the sequence, which stderr names: --since-seq goes on from there, without a gap or a repeat.

  mars export --app shop --since 2026-01-31T00:00:00Z > shop.ndjson
  mars export > all.ndjson
  mars export --since-seq 81923 >> all.ndjson
`,
  async run({ values }, { client, host, agent }) {
    const signal = host.stopAsked();
    const progress = createProgress(host);
    const calls = new PatientCalls(client, { agent, signal, patienceMs });
    const counts = { messages: 0, events: 0 };
    // Other filters choose messages by what they are now.
    const goesOn = Object.keys(values).every((name) => ["app_id", "since_seq", "min_seq"].includes(name));
    let whole = true;
    let end = Number.POSITIVE_INFINITY;
    let last = "";
    const read = async (cursor: string | undefined): Promise<Page> => {
      const given = { ...values, ...(cursor !== undefined && { cursor }) };
      const answer = await calls.call(requestOf(listEvents, given, undefined));
      if (answer.ok) return answer.value as Page;
      throw new Ended(answer.sentences);
    };
    /** @returns whether there is still a reader */
    const write = (all: readonly Stored[]): boolean => {
      const events = goesOn ? all.filter(({ seq }) => seq <= end) : all;
      for (const { app_id, message_id } of events) {
        const message = `${app_id}\n${message_id}`;
        if (message !== last) counts.messages++;
        last = message;
      }
      counts.events += events.length;
      return host.print(events.map(lineOf).join(""));
    };

    try {
      let next: Promise<Page> | undefined = read(undefined);
      while (next !== undefined) {
        const { events, next_cursor, as_of_seq }: Page = await next;
        // What comes after the first page was read is for the next export.
        end = Math.min(end, as_of_seq);
        // The next page is made while this one is written.
        next = next_cursor === null ? undefined : read(next_cursor);
        // Its failure is seen when it is its turn.
        next?.catch(() => undefined);
        whole = write(events);
        if (!whole) break;
        // Where the lines go to the same terminal they show it themselves.
        if (host.columns === undefined) progress.show(`${counts.messages} messages, ${counts.events} events`);
      }
      progress.end();
      if (goesOn && whole)
        host.complain(`${counts.events} events, up to seq ${end}: --since-seq ${end} goes on`);
      return exitCode.done;
    } catch (error) {
      progress.end();
      if (signal.aborted) return stoppedCode(signal.reason);
      if (!(error instanceof Ended)) throw error;
      for (const sentence of error.sentences) host.complain(harmless(sentence));
      host.complain(`the export is not whole: ${counts.messages} messages, ${counts.events} events`);
      return exitCode.failed;
    }
  },
};

function lineOf(event: Stored): string {
  const { app_id, message_id } = event;
  const given = members.filter((name) => event[name] !== null && event[name] !== undefined);
  const rest = Object.fromEntries(given.map((name) => [name, event[name]]));
  return `${JSON.stringify({ app_id, message_id, ...rest, ...traceOf(event) })}\n`;
}

function traceOf({ trace_id, span_id, trace_flags }: Stored) {
  return trace_id === undefined ? {} : { traceparent: `00-${trace_id}-${span_id}-${trace_flags}` };
}
