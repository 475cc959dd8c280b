/** `mars tail`: a topic as it happens, without a gap or a repeat over broken connections and restarts of Mars. */

import { parseForAnswer } from "../../core/exact-json.ts";
import { delay } from "../../runtime/delay.ts";
import { answerOf, exchange, unreached } from "../call.ts";
import { harmless, harmlessJson } from "../cell.ts";
import { exitCode, stoppedCode } from "../exit-code.ts";
import type { Flag } from "../flag.ts";
import { frontFlags } from "../front-flags.ts";
import type { OwnCommand } from "../own-command.ts";
import type { Session } from "../session.ts";
import { addressOf, type Filter, matches, readFilter } from "./filter.ts";
import { framesOf } from "./frames.ts";
import { itemLine } from "./item-line.ts";

/** Mars sends something every 15 s. */
const silenceMs = 45_000;
const pauseMsMin = 250;
const pauseMsMax = 5_000;
const streamType = "text/event-stream";

const whole = { type: "integer", minimum: 0 } as const;
const flags: readonly Flag[] = [
  {
    field: "filter",
    names: ["--filter"],
    place: "query",
    type: "map",
    required: false,
    schema: {
      type: "string",
      format: "NAME=VALUE,…",
      description: "Only those with all of these: app, event, prefix (of the message id), attributes.NAME.",
    },
  },
  {
    field: "after",
    names: ["--after"],
    place: "query",
    type: "number",
    required: false,
    schema: { ...whole, description: "Begin after this seq; 0 for all that is stored. Default: now." },
  },
  {
    field: "limit",
    names: ["--limit"],
    place: "query",
    type: "number",
    required: false,
    schema: { ...whole, minimum: 1, description: "End after so many lines." },
  },
];

export const tail: OwnCommand = {
  command: "tail",
  usage: "[<topic>]",
  summary:
    "Shows events as they are stored, or findings or alerts as they come. It goes on over broken connections and restarts of Mars, without a gap or a repeat.",
  grammar: { flags, general: frontFlags, othersMax: 1 },
  details: `Topics: all (the default), apps/APP, apps/APP/messages/ID, journeys/ID, findings, apps/APP/findings, alerts.
A pipe gets a JSON object a line, with its seq. Ctrl-C ends it.

  mars tail --filter app=shop,event=PAID,attributes.region=eu
  mars tail findings
  mars tail apps/shop --after 0 --limit 100 | jq -r .message_id
`,
  problems({ values: { filter, after, limit } }) {
    return [
      ...readFilter((filter ?? {}) as Readonly<Record<string, string>>).problems,
      ...(after === undefined || typeof after === "number"
        ? []
        : ["--after must be a seq: a whole number from 0 on"]),
      ...(limit === undefined || (typeof limit === "number" && limit > 0)
        ? []
        : ["--limit must be a whole number from 1 on"]),
    ];
  },
  run({ values, others }, session) {
    const { filter } = readFilter((values.filter ?? {}) as Readonly<Record<string, string>>);
    const follower = new Follower(others[0], filter, session, {
      after: values.after as number | undefined,
      limit: (values.limit as number | undefined) ?? Number.POSITIVE_INFINITY,
    });
    return follower.run();
  },
};

type Step = { readonly code: number } | "again";

class Follower {
  readonly #address: URLSearchParams;
  readonly #filter: Filter;
  readonly #session: Session;
  readonly #signal: AbortSignal;
  /** The seq after which to go on; absent before the first one. */
  #after: string | undefined;
  #left: number;
  #connected = false;
  #waiting = false;

  constructor(
    topic: string | undefined,
    filter: Filter,
    session: Session,
    { after, limit }: { readonly after: number | undefined; readonly limit: number },
  ) {
    this.#address = addressOf(topic, filter);
    this.#filter = filter;
    this.#session = session;
    this.#signal = session.host.stopAsked();
    this.#after = after?.toString();
    this.#left = limit;
  }

  /** @returns the exit code */
  async run(): Promise<number> {
    for (let pauseMs = pauseMsMin; !this.#signal.aborted; pauseMs = Math.min(pauseMsMax, pauseMs * 2)) {
      const before = this.#after;
      const step = await this.#follow();
      if (step !== "again") return step.code;
      if (this.#after !== before) pauseMs = pauseMsMin;
      await delay(pauseMs, this.#signal);
    }
    return stoppedCode(this.#signal.reason);
  }

  /** One connection, to its end. */
  async #follow(): Promise<Step> {
    const { client, agent } = this.#session;
    const silence = new AbortController();
    const quiet = () => silence.abort(new DOMException("silence", "TimeoutError"));
    let timer = setTimeout(quiet, silenceMs);
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(quiet, silenceMs);
    };
    try {
      const headers: Record<string, string> = { accept: streamType };
      if (this.#after !== undefined) headers["last-event-id"] = this.#after;
      const request = { method: "GET", path: `/api/stream?${this.#address}` };
      const signal = AbortSignal.any([this.#signal, silence.signal]);
      const response = await exchange(client, request, { agent, signal, headers });
      if (!response.headers.get("content-type")?.startsWith(streamType) || response.body === null) {
        const answer = answerOf(client, response, await response.text());
        const sentences = answer.ok ? [`${client.url} sends no stream`] : answer.sentences;
        const passing = [429, 502, 503, 504].includes(response.status);
        if (passing && this.#connected) return this.#wait(sentences[0] ?? "");
        return this.#fail(sentences);
      }
      for await (const frame of framesOf(response.body, alive)) {
        const code = this.#take(frame.event, frame.data, frame.id);
        if (code !== undefined) return { code };
      }
      return this.#wait("the connection has ended");
    } catch (error) {
      if (this.#signal.aborted) return { code: stoppedCode(this.#signal.reason) };
      const sentence = unreached(client, error);
      return this.#connected ? this.#wait(sentence) : this.#fail([sentence]);
    } finally {
      clearTimeout(timer);
      // Ends the connection, where it is still there.
      silence.abort();
    }
  }

  /** @returns the exit code, where this was the last one */
  #take(kind: string, data: string, id: string | undefined): number | undefined {
    const { host, json, style } = this.#session;
    const item = parseForAnswer(data) as Readonly<Record<string, unknown>>;
    if (kind === "error") return undefined;
    if (kind === "subscribed") {
      if (this.#waiting) host.complain("connected again");
      this.#waiting = false;
      this.#connected = true;
      if (item.recovered === false && this.#after !== undefined) {
        host.complain(`not all after seq ${this.#after} can be sent any more: there is a gap here`);
      }
      this.#after = id ?? this.#after;
      return undefined;
    }
    this.#after = id ?? this.#after;
    if (!matches(item, this.#filter)) return undefined;
    const seq = id === undefined ? {} : { seq: Number(id) };
    const line = json ? `${JSON.stringify({ ...item, ...seq })}\n` : itemLine(kind, item, style);
    const shown = json && host.columns !== undefined ? harmlessJson(line) : line;
    this.#left--;
    return !host.print(shown) || this.#left <= 0 ? exitCode.done : undefined;
  }

  #wait(sentence: string): Step {
    if (!this.#waiting) this.#session.host.complain(harmless(`${sentence}; connecting again`));
    this.#waiting = true;
    return "again";
  }

  #fail(sentences: readonly string[]): Step {
    for (const sentence of sentences) this.#session.host.complain(harmless(sentence));
    return { code: exitCode.failed };
  }
}
