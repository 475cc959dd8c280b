/** A reader over an array, as slow and as paged as the seed says: the trivially right store of the model tests. */
import { MarsError } from "../../src/core/error.ts";
import type { SequencedEvent } from "../../src/core/event.ts";
import type { Reader, Subscriber, TopicItem } from "../../src/core/ports.ts";
import type { Topic } from "../../src/core/topic.ts";

export function eventAt(seq: number, appId = "a", messageId = "m", externalId = ""): SequencedEvent {
  return {
    seq,
    appId,
    messageId,
    event: `e${seq}`,
    createdAt: seq * 1000,
    receivedAt: seq * 1000,
    eventId: "",
    externalId,
    parentId: "",
    attributes: "",
  };
}

/** @param events all that there are, by which it is known who belongs to a journey */
export function matches(topic: Topic, event: TopicItem, events: readonly SequencedEvent[] = []): boolean {
  if (topic.externalId !== undefined) return joined(topic.externalId, event, events) <= event.seq;
  return (
    (topic.appId === undefined || topic.appId === event.appId) &&
    (topic.messageId === undefined || topic.messageId === event.messageId)
  );
}

/** The seq with which the item's message became a part of the journey. */
function joined(name: string, { appId, messageId }: TopicItem, events: readonly SequencedEvent[]): number {
  const first = events.find(
    (one) => one.appId === appId && one.messageId === messageId && one.externalId === name,
  );
  return first?.seq ?? Number.POSITIVE_INFINITY;
}

/** What was stored. Each read takes one of `turns` macrotasks and fails as often as it says. */
export class StoreModel implements Pick<Reader, "history"> {
  readonly events: SequencedEvent[] = [];
  prunedTo = 0;
  pageEvents = 3;
  /** Asked once for each read. */
  outcome: () => "ok" | "unavailable" | "stuck" = () => "ok";
  turn: () => Promise<void> = () => Promise.resolve();

  async history({ topic, after, upTo }: { topic: Topic; after: number; upTo: number }) {
    await this.turn();
    const outcome = this.outcome();
    if (outcome === "unavailable") throw new MarsError("unavailable", "the database is away");
    if (outcome === "stuck") return { events: [], to: after, prunedTo: this.prunedTo };
    const kept = this.events.filter(
      (event) =>
        event.seq > after &&
        event.seq > this.prunedTo &&
        event.seq <= upTo &&
        matches(topic, event, this.events),
    );
    const events = kept.slice(0, this.pageEvents);
    const to = kept.length > events.length ? events[events.length - 1]!.seq : upTo;
    const { externalId } = topic;
    const members = this.events.filter(
      (one) => externalId !== undefined && one.externalId === externalId && one.seq <= to,
    );
    const journey = externalId === undefined ? {} : { journey: { messages: members, byMessageId: ["b"] } };
    const answer = { events, to, prunedTo: this.prunedTo, ...journey };
    await this.turn();
    return answer;
  }
}

/** Records every call. `busy` makes it refuse events until `ready` is called. */
export class Recorder<Item extends TopicItem = SequencedEvent> implements Subscriber<Item> {
  start: { readonly seq: number; readonly recovered: boolean } | undefined;
  readonly seqs: number[] = [];
  readonly batches: (readonly Item[])[] = [];
  error: MarsError | undefined;
  refusals = 0;
  #busy: PromiseWithResolvers<void> | undefined;

  subscribed(seq: number, recovered: boolean): void {
    if (this.start !== undefined) throw new Error("subscribed twice");
    this.start = { seq, recovered };
  }

  events(events: readonly Item[]): Promise<void> | undefined {
    if (this.start === undefined) throw new Error("events before subscribed");
    if (events.length === 0) throw new Error("an empty batch");
    if (this.#busy !== undefined) {
      this.refusals++;
      return this.#busy.promise;
    }
    this.batches.push(events);
    for (const event of events) this.seqs.push(event.seq);
    return undefined;
  }

  failed(error: MarsError): void {
    this.error = error;
  }

  busy(): void {
    this.#busy ??= Promise.withResolvers();
  }

  ready(): void {
    this.#busy?.resolve();
    this.#busy = undefined;
  }
}

/** Lets everything that is due run. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Five seconds are far more than anything here takes. */
export async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 5_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error("did not come about");
    await turn();
  }
}
