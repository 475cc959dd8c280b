/** The operations on collectors that read from message brokers, and on the messages that they refused. */
import * as z from "zod";
import {
  brokerCollectorToJson,
  type CollectorStatus,
  type KeptMessage,
  refusedMessagesMax,
} from "../core/broker-collector.ts";
import { readBrokerCollector } from "../core/broker-collector-input.ts";
import { engines } from "../core/broker-engine.ts";
import { formatTime } from "../core/time.ts";
import { alertId, found } from "./alert-fields.ts";
import { count, timestamp } from "./answers.ts";
import { collectorInput, otherMembers } from "./collector-input.ts";
import { cursor, whole } from "./fields.ts";
import { operation } from "./operation.ts";
import type { ApiParts } from "./parts.ts";
import { throwIfAny } from "./problems.ts";

const path = "/api/collectors/{id}";
/** Of a collector in its request: certificates and credentials are the most. */
const bodyBytesMax = 96 * 1024;

const text = z.string().optional();

/** As REST and RPC show it. */
const collector = z.strictObject({
  id: z.string(),
  url: z.string().meta({ description: "Its password, or its token, is `(hidden)`." }),
  stream: text,
  consumer: text,
  subject: text,
  group: text,
  field: text,
  queue: text,
  ...otherMembers,
  app_id: text,
  source: text,
  dead_letter: text,
  credentials: text.meta({ description: "`(hidden)`." }),
  tls_ca: text,
  engine: z.enum(engines),
  defined_by: z.string().nullable().meta({
    description: "The variable of the environment that defines it; `null`: it may be changed here.",
  }),
  state: z.enum(["starting", "reading", "waiting", "lost", "paused"]).meta({
    description:
      "`waiting`: Mars accepts no events now, or there is no such source, so nothing more is pulled. `lost`: the broker cannot be read, and is tried again.",
  }),
  state_ms: z.int().meta({ description: "For how long." }),
  messages: count.meta({
    description: "Acknowledged to the broker, refused ones among them, since it was started.",
  }),
  events: count.meta({ description: "Accepted, those of repeats too." }),
  ignored: count.meta({ description: "Messages that became no event: the source's rules leave them out." }),
  refused: count.meta({ description: "Messages that were refused, or some of their events." }),
  refused_kept: count.meta({
    description: `Of these, those that are kept: the latest ${refusedMessagesMax}.`,
  }),
  dead_lettered: count,
  redelivered: count.meta({ description: "Messages that the broker has sent once more." }),
  waits: count,
  connects: count,
  in_flight: count.meta({ description: "Received and not acknowledged yet." }),
  rate: z.number().meta({ description: "Messages a second, of the last seconds." }),
  lag: count
    .nullable()
    .meta({ description: "Messages in the broker that are not acknowledged; `null`: not known." }),
  position: z
    .string()
    .meta({ description: "Of the last message that was acknowledged; empty before the first." }),
  last_error: z.string(),
});

const one = z.strictObject({ collector });

export const listCollectors = operation({
  name: "listCollectors",
  summary: "Collectors that read from message brokers, by id, each with how it does.",
  scope: "read",
  apps: "all",
  rest: "GET /api/collectors",
  rpc: "mars.v1.CollectorService/ListCollectors",
  command: "collectors list",
  input: z.strictObject({}),
  output: z.strictObject({ collectors: z.array(collector) }),
  async handle({ collectors }) {
    return { collectors: (await collectors.list()).map(shown) };
  },
});

export const getCollector = operation({
  name: "getCollector",
  summary: "One collector that reads from a message broker; 404 when there is none with this id.",
  scope: "read",
  apps: "all",
  rest: `GET ${path}`,
  restAnswer: "collector",
  rpc: "mars.v1.CollectorService/GetCollector",
  command: "collectors get",
  input: z.strictObject({ id: alertId }),
  output: one,
  async handle({ collectors }, { id }) {
    return { collector: shown(await known(collectors, id)) };
  },
});

export const putCollector = operation({
  name: "putCollector",
  summary:
    "Read from a message broker, or from now on in another way; at most 32. What is put as `(hidden)` is kept.",
  scope: "admin",
  apps: "all",
  rest: `PUT ${path}`,
  body: { bytesMax: bodyBytesMax },
  restAnswer: "collector",
  rpc: "mars.v1.CollectorService/PutCollector",
  command: "collectors put",
  input: collectorInput,
  output: one,
  async handle({ collectors, changes }, { id, ...given }, caller, by) {
    const before = (await collectors.list()).find((one) => one.collector.id === id)?.collector;
    const { collector, problems = [] } = readBrokerCollector(id, given, before);
    throwIfAny(problems);
    const put = () => collectors.put(found(collector, "collector"), by);
    return { collector: shown(await changes.run(caller, put)) };
  },
});

export const deleteCollector = operation({
  name: "deleteCollector",
  summary:
    "Read no more, and forget the collector with the messages that it refused. The broker keeps its own.",
  scope: "admin",
  apps: "all",
  rest: `DELETE ${path}`,
  rpc: "mars.v1.CollectorService/DeleteCollector",
  command: "collectors delete",
  input: z.strictObject({ id: alertId }),
  output: z.strictObject({}),
  async handle({ collectors, changes }, { id }, caller, by) {
    found((await changes.run(caller, () => collectors.remove(id, by))) || undefined, "collector");
    return {};
  },
});

export const pauseCollector = operation({
  name: "pauseCollector",
  summary: "Read no more until it is resumed, over restarts too. The broker keeps what it has.",
  scope: "admin",
  apps: "all",
  rest: `POST ${path}/pause`,
  restAnswer: "collector",
  rpc: "mars.v1.CollectorService/PauseCollector",
  command: "collectors pause",
  input: z.strictObject({ id: alertId }),
  output: one,
  async handle({ collectors, changes }, { id }, caller, by) {
    const status = await changes.run(caller, () => collectors.pause(id, true, by));
    return { collector: shown(found(status, "collector")) };
  },
});

export const resumeCollector = operation({
  name: "resumeCollector",
  summary: "Read again from where it was paused.",
  scope: "admin",
  apps: "all",
  rest: `POST ${path}/resume`,
  restAnswer: "collector",
  rpc: "mars.v1.CollectorService/ResumeCollector",
  command: "collectors resume",
  input: z.strictObject({ id: alertId }),
  output: one,
  async handle({ collectors, changes }, { id }, caller, by) {
    const status = await changes.run(caller, () => collectors.pause(id, false, by));
    return { collector: shown(found(status, "collector")) };
  },
});

const message = z.strictObject({
  id: z.int(),
  position: z.string().meta({ description: "Its place in the broker." }),
  at: timestamp.meta({ description: "When it was refused." }),
  broker_at: timestamp.nullable().meta({ description: "When the broker received it, where that is known." }),
  reason: z.string(),
  bytes: count.meta({ description: "Of the whole body." }),
  cut: z
    .boolean()
    .meta({ description: "The body is too long to be kept as a whole: it cannot be replayed." }),
  body: z.string().meta({ description: "As text, where it is valid UTF-8; else in base64." }),
  base64: z.boolean(),
});

export const listRejected = operation({
  name: "listRejected",
  summary: `Messages of a broker that were refused, the latest first: the last ${refusedMessagesMax} of the collector.`,
  scope: "admin",
  apps: "all",
  rest: `GET ${path}/rejected`,
  rpc: "mars.v1.CollectorService/ListRejected",
  command: "collectors rejected",
  input: z.strictObject({
    id: alertId,
    limit: whole(1, refusedMessagesMax, "How many are on a page.").default(refusedMessagesMax),
    cursor: cursor.optional(),
  }),
  output: z.strictObject({ messages: z.array(message), next_cursor: z.string().nullable() }),
  async handle({ collectors, reader }, { id, ...page }, caller) {
    await known(collectors, id);
    const query = { collector: id, limit: page.limit, cursor: page.cursor };
    const { messages, nextCursor = null } = await reader(caller).refusedMessages(query);
    return { messages: messages.map(messageJson), next_cursor: nextCursor };
  },
});

const messageId = whole(1, Number.MAX_SAFE_INTEGER, "The id of one of them; absent: all.").optional();

export const replayRejected = operation({
  name: "replayRejected",
  summary:
    "Map refused messages once more, after their collector was corrected. Those that are accepted are no longer kept.",
  scope: "admin",
  apps: "all",
  rest: `POST ${path}/rejected/replay`,
  rpc: "mars.v1.CollectorService/ReplayRejected",
  command: "collectors replay",
  input: z.strictObject({ id: alertId, message: messageId }),
  output: z.strictObject({
    replayed: count,
    refused: count.meta({ description: "Refused again, or not kept as a whole." }),
  }),
  async handle({ collectors, changes }, { id, message }, caller, by) {
    return found(await changes.run(caller, () => collectors.replay(id, message, by)), "collector");
  },
});

export const deleteRejected = operation({
  name: "deleteRejected",
  summary: "Forget refused messages.",
  scope: "admin",
  apps: "all",
  rest: `DELETE ${path}/rejected`,
  rpc: "mars.v1.CollectorService/DeleteRejected",
  command: "collectors forget",
  input: z.strictObject({ id: alertId, message: messageId }),
  output: z.strictObject({ left: count }),
  async handle({ collectors, changes }, { id, message }, caller, by) {
    const left = await changes.run(caller, () => collectors.forget(id, message, by));
    return { left: found(left, "collector") };
  },
});

async function known(collectors: ApiParts["collectors"], id: string): Promise<CollectorStatus> {
  const all = await collectors.list();
  return found(
    all.find(({ collector }) => collector.id === id),
    "collector",
  );
}

function shown({ collector: one, variable, figures }: CollectorStatus): z.input<typeof collector> {
  return { ...brokerCollectorToJson(one), defined_by: variable ?? null, ...figures };
}

function messageJson({
  id,
  position,
  at,
  brokerAt,
  reason,
  body,
  bytes,
}: KeptMessage): z.input<typeof message> {
  const shownBody = textOf(body);
  return {
    id,
    position,
    at: formatTime(at),
    broker_at: brokerAt === undefined ? null : formatTime(brokerAt),
    reason,
    bytes,
    cut: body.length < bytes,
    body: shownBody ?? Buffer.from(body).toString("base64"),
    base64: shownBody === undefined,
  };
}

/** Where a long text was cut, its last character may be no whole one. */
function textOf(body: Uint8Array): string | undefined {
  for (let cut = 0; cut < 4; cut++) {
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(body.subarray(0, body.length - cut));
      return text.includes("\0") ? undefined : text;
    } catch {
      // One byte less.
    }
  }
  return undefined;
}
