/** Messages of a known graph, for learning: with losses, noise and clocks that differ. */
import type { MessageHistory } from "../../src/learning/history.ts";
import { mulberry32 } from "../support/random.ts";

export interface KnownStage {
  /** More than one are alternatives, each as probable as the others unless `weights` says otherwise. */
  readonly events: readonly string[];
  readonly weights?: readonly number[];
  /** Any of these starts it; empty for the first. */
  readonly after: readonly string[];
  /** How probable it is once it may come; 1 when absent. */
  readonly chance?: number;
  /** The hop's median and how far it is spread: log-normal. */
  readonly medianMs: number;
  readonly sigma?: number;
  /** It waits for all that it comes after. */
  readonly joins?: boolean;
  /** Events that come in its place, and how many of the messages that would reach it have each: nothing comes behind. */
  readonly failures?: Readonly<Record<string, number>>;
  /** How many of the messages that would reach it get stuck: nothing more comes. */
  readonly stuck?: number;
}

export interface Traffic {
  readonly seed: number;
  readonly messages: number;
  /** Of all events. */
  readonly lost?: number;
  /** Rare names, and how many of the messages have one of each. */
  readonly noise?: Readonly<Record<string, number>>;
  /** Each event's clock is off by up to this much, either way. */
  readonly skewMs?: number;
  /** Between the beginnings of two messages. */
  readonly everyMs?: number;
  /** Nothing later than this much after the last message's beginning is known yet. */
  readonly cutMs?: number;
}

export const epoch = Date.UTC(2026, 0, 31, 12) * 1_000;

export interface Generated {
  readonly histories: MessageHistory[];
  /** Every hop that was made, by the stage's events joined, sorted, in microseconds; losses and clocks aside. */
  readonly hops: ReadonlyMap<string, Float64Array>;
}

/** The latest message first, as the store gives them. */
export function generate(stages: readonly KnownStage[], traffic: Traffic): Generated {
  const random = mulberry32(traffic.seed);
  const histories: MessageHistory[] = [];
  const hops = new Map<string, number[]>(stages.map(({ events }) => [events.join("|"), []]));
  const everyMicros = (traffic.everyMs ?? 50) * 1_000;
  const end =
    epoch + (traffic.messages - 1) * everyMicros + (traffic.cutMs ?? Number.POSITIVE_INFINITY) * 1_000;
  for (let index = 0; index < traffic.messages; index++) {
    const createdAt = epoch + index * everyMicros;
    const at = new Map<string, number>();
    let ended = Number.POSITIVE_INFINITY;
    for (const stage of stages) {
      const starts = stage.after.flatMap((name) => at.get(name) ?? []);
      const first = stage.after.length === 0;
      const none = starts.length === 0 || (stage.joins === true && starts.length < stage.after.length);
      if (!first && none) continue;
      if (random() >= (stage.chance ?? 1)) continue;
      const hop = first
        ? 0
        : Math.round(stage.medianMs * 1_000 * Math.exp((stage.sigma ?? 0.5) * normal(random)));
      const start = first ? createdAt : stage.joins === true ? Math.max(...starts) : Math.min(...starts);
      if (stage.stuck !== undefined && random() < stage.stuck) {
        ended = Math.min(ended, start);
        continue;
      }
      const failure = failureOf(stage, random);
      if (failure !== undefined) {
        at.set(failure, start + hop);
        ended = Math.min(ended, start + hop);
        continue;
      }
      at.set(pick(stage, random), start + hop);
      if (!first) hops.get(stage.events.join("|"))!.push(start + hop - Math.min(...starts));
    }
    for (const [name, when] of at) if (when > ended) at.delete(name);
    const last = Math.max(...at.values());
    for (const [name, share] of Object.entries(traffic.noise ?? {})) {
      if (random() < share) at.set(name, Math.round(createdAt + random() * (last - createdAt)));
    }
    const events = [...at]
      .filter(() => random() >= (traffic.lost ?? 0))
      .map(([event, when]) => {
        const skewed = when + Math.round((random() * 2 - 1) * (traffic.skewMs ?? 0) * 1_000);
        return { event, at: skewed, receivedAt: when + 5_000 };
      })
      .filter(({ receivedAt }) => receivedAt <= end)
      .sort((a, b) => a.at - b.at);
    if (events.length > 0) histories.push({ messageId: `m${index}`, createdAt: events[0]!.at, events });
  }
  return {
    histories: histories.reverse(),
    hops: new Map([...hops].map(([name, values]) => [name, Float64Array.from(values).sort()])),
  };
}

function failureOf({ failures = {} }: KnownStage, random: () => number): string | undefined {
  const entries = Object.entries(failures);
  if (entries.length === 0) return undefined;
  let left = random();
  for (const [event, share] of entries) {
    left -= share;
    if (left < 0) return event;
  }
  return undefined;
}

function pick({ events, weights }: KnownStage, random: () => number): string {
  let left = random() * (weights?.reduce((sum, weight) => sum + weight, 0) ?? events.length);
  for (const [index, event] of events.entries()) {
    left -= weights?.[index] ?? 1;
    if (left < 0) return event;
  }
  return events.at(-1)!;
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
