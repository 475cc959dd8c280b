/** The operations on collectors that read from message brokers. */
import * as z from "zod";
import { brokerCollectorToJson, type CollectorStatus, refusedMessagesMax } from "../core/broker-collector.ts";
import { readBrokerCollector } from "../core/broker-collector-input.ts";
import { engines } from "../core/broker-engine.ts";
import { alertId, found } from "./alert-fields.ts";
import { count } from "./answers.ts";
import { collectorInput, otherMembers } from "./collector-input.ts";
import { operation } from "./operation.ts";
import type { ApiParts } from "./parts.ts";
import { throwIfAny } from "./problems.ts";

const path = "/api/collectors/{id}";
/** Of a collector in its request: certificates and credentials are the most. */
const bodyBytesMax = 192 * 1024;

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
  ...{ tls_ca: text, tls_cert: text, tls_key: text.meta({ description: "`(hidden)`." }) },
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

/** @throws `not_found` */
export async function known(collectors: ApiParts["collectors"], id: string): Promise<CollectorStatus> {
  const all = await collectors.list();
  return found(
    all.find(({ collector }) => collector.id === id),
    "collector",
  );
}

function shown({ collector: one, variable, figures }: CollectorStatus): z.input<typeof collector> {
  return { ...brokerCollectorToJson(one), defined_by: variable ?? null, ...figures };
}
