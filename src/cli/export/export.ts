/** `mars export`: the events of messages as lines of JSON, which `mars import` and `POST /api/event/bulk` accept. */
import { listMessageEvents } from "../../api/message-events.ts";
import { listMessages } from "../../api/messages.ts";
import { parseDuration } from "../../core/duration.ts";
import { listLimitMax, messageEventsLimitMax } from "../../core/limits.ts";
import { harmless } from "../cell.ts";
import { exitCode, stoppedCode } from "../exit-code.ts";
import { flagsOf } from "../flag.ts";
import { frontFlags } from "../front-flags.ts";
import type { OwnCommand } from "../own-command.ts";
import { PatientCalls } from "../patience.ts";
import { createProgress } from "../progress.ts";
import { requestOf } from "../request.ts";

/** Messages whose events are read at one time. */
const readsMax = 8;
/** How long Mars may be away. */
const patienceMs = parseDuration("1m") ?? 0;
const own = ["order", "limit", "cursor"];

interface Summary {
  readonly app_id: string;
  readonly message_id: string;
}

interface Page {
  readonly next_cursor: string | null;
}

interface MessagePage extends Page {
  readonly messages: readonly Summary[];
}

/** The members of an event that its producer gives. */
const members = ["event", "created_at", "event_id", "external_id", "parent_id", "attributes"] as const;
type Stored = Readonly<Partial<Record<(typeof members)[number], unknown>>> & {
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly trace_flags?: string;
};

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
    flags: flagsOf(listMessages).filter(({ field }) => !own.includes(field)),
    general: frontFlags,
  },
  details: `Messages come oldest first, a page at a time; events of a message in their order. Those that arrive meanwhile may be missing.

  mars export --app shop --since 2026-01-31T00:00:00Z > shop.ndjson
`,
  async run({ values }, { client, host, agent }) {
    const signal = host.stopAsked();
    const progress = createProgress(host);
    const calls = new PatientCalls(client, { agent, signal, patienceMs });
    const counts = { messages: 0, events: 0 };
    const read = async <Answer>(...request: Parameters<typeof requestOf>): Promise<Answer | undefined> => {
      const answer = await calls.call(requestOf(...request));
      if (answer.ok) return answer.value as Answer;
      // Erased, or forgotten, since its page was read.
      if (answer.status === 404 && request[0] === listMessageEvents) return undefined;
      throw new Ended(answer.sentences);
    };

    /** @returns whether there is still a reader */
    const write = (events: readonly Stored[], { app_id, message_id }: Summary): boolean => {
      const lines = events.map((event) => {
        const given = members.filter((name) => event[name] !== null && event[name] !== undefined);
        const rest = Object.fromEntries(given.map((name) => [name, event[name]]));
        return `${JSON.stringify({ app_id, message_id, ...rest, ...traceOf(event) })}\n`;
      });
      counts.events += lines.length;
      return host.print(lines.join(""));
    };
    const eventsOf = ({ app_id, message_id }: Summary, cursor?: string) =>
      read<Page & { readonly events: readonly Stored[] }>(
        listMessageEvents,
        { app_id, message_id, limit: messageEventsLimitMax, ...(cursor !== undefined && { cursor }) },
        undefined,
      );

    async function messages(page: readonly Summary[]): Promise<boolean> {
      for (let start = 0; start < page.length; start += readsMax) {
        const some = page.slice(start, start + readsMax);
        const firsts = await Promise.all(some.map((message) => eventsOf(message)));
        for (const [index, message] of some.entries()) {
          let events = firsts[index];
          while (events !== undefined) {
            if (!write(events.events, message)) return false;
            if (events.next_cursor === null) break;
            events = await eventsOf(message, events.next_cursor);
          }
          counts.messages++;
        }
        // Where the lines go to the same terminal they show it themselves.
        if (host.columns === undefined) progress.show(`${counts.messages} messages, ${counts.events} events`);
      }
      return true;
    }

    try {
      const filters = { ...values, order: "oldest", limit: listLimitMax };
      let cursor: string | null = null;
      do {
        const given: typeof filters = { ...filters, ...(cursor !== null && { cursor }) };
        const page: MessagePage | undefined = await read<MessagePage>(listMessages, given, undefined);
        if (page === undefined || !(await messages(page.messages))) break;
        cursor = page.next_cursor;
      } while (cursor !== null);
      progress.end();
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

function traceOf({ trace_id, span_id, trace_flags }: Stored) {
  return trace_id === undefined ? {} : { traceparent: `00-${trace_id}-${span_id}-${trace_flags}` };
}
