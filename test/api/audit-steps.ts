/** Changes with what the audit has of them: the form, and those of collectors of message brokers. */
import { deleteCollector, pauseCollector, putCollector, resumeCollector } from "../../src/api/collectors.ts";
import type { Operation } from "../../src/api/operation.ts";
import { deleteRejected, replayRejected } from "../../src/api/refused-messages.ts";
import type { Json } from "./doors.ts";

/** A change, and the members of its entry. Members of `old` and `new` that are not named may be anything. */
export interface Step {
  readonly operation: Operation;
  readonly input: Json;
  readonly target: string;
  readonly app?: string;
  readonly old?: Json;
  readonly new?: Json;
  /** It is there already: no entry. */
  readonly same?: true;
}

/** Nothing listens there. */
const collector = { id: "orders", url: "nats://user:secret@127.0.0.1:65535", stream: "orders" };
const shownCollector = { ...collector, url: "nats://user:(hidden)@127.0.0.1:65535", consumer: "mars" };

export const collectorSteps: readonly Step[] = [
  { operation: putCollector, input: collector, target: "orders", new: shownCollector },
  { operation: putCollector, input: collector, target: "", same: true },
  {
    operation: putCollector,
    input: { ...collector, url: collector.url.replace("secret", "other"), app_id: "shop" },
    target: "orders",
    app: "shop",
    old: shownCollector,
    new: { ...shownCollector, app_id: "shop", password: "(changed)" },
  },
  { operation: pauseCollector, input: { id: "orders" }, target: "orders", new: { paused: true } },
  { operation: pauseCollector, input: { id: "orders" }, target: "", same: true },
  { operation: resumeCollector, input: { id: "orders" }, target: "orders", new: { paused: false } },
  { operation: replayRejected, input: { id: "orders" }, target: "", same: true },
  {
    operation: deleteRejected,
    input: { id: "orders" },
    target: "orders",
    old: { refused_messages: "all" },
  },
  {
    operation: deleteCollector,
    input: { id: "orders" },
    target: "orders",
    app: "shop",
    old: { ...shownCollector, app_id: "shop" },
  },
];
