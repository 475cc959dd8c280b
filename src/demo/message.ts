/** One message of the demo: its events, with slow, lost and failed stages. */
import type { DemoApp, Failure } from "./apps.ts";
import { goesOnAt, type Outage } from "./outage.ts";
import type { Random } from "./random.ts";

/** As `POST /api/event/bulk` takes it. */
export interface DemoEvent {
  readonly app_id: string;
  readonly message_id: string;
  readonly external_id?: string;
  readonly parent_id?: string;
  readonly event: string;
  readonly created_at: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** An event, and when it reaches Mars. */
export interface Delivery {
  readonly atMs: number;
  readonly event: DemoEvent;
}

/** The course of a message. `hop` is an index into the app's hops. */
export type Trouble =
  | { readonly kind: "none" }
  /** Nothing comes from this hop on. */
  | { readonly kind: "lost"; readonly hop: number }
  /** The hop takes longer than it may. */
  | { readonly kind: "slow"; readonly hop: number }
  /** The hop is never reported, and the message goes on. */
  | { readonly kind: "skipped"; readonly hop: number }
  /** The clock of the service that reports the hop is behind, so that it seems to come before what it follows. */
  | { readonly kind: "skewed"; readonly hop: number }
  | { readonly kind: "failed"; readonly failure: Failure };

export interface MessageSeed {
  readonly messageId: string;
  readonly externalId: string;
  readonly openedAtMs: number;
  /** Of its first event. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly trouble: Trouble;
  /** Which of a hop's alternatives, if it has some. */
  readonly alternative: number;
  /** The outage that an event meets which would be made at `atMs`. */
  readonly outageAt: (event: string, atMs: number) => Outage | undefined;
}

export interface DemoMessage {
  /** In the order in which they reach Mars. */
  readonly deliveries: readonly Delivery[];
  /** When each of its stages truly happened, be it reported or not. */
  readonly reachedAtMs: ReadonlyMap<string, number>;
}

const lostShare = 0.012;
const slowShare = 0.025;
const skippedShare = 0.008;
const skewedShare = 0.01;
/** Events whose producer got no answer, and sent them again. */
const repeatedShare = 0.02;
/** Events that were delayed on their way to Mars, so that others overtook them. */
const heldUpShare = 0.03;

export function drawTrouble(app: DemoApp, random: Random): Trouble {
  const required = [...app.hops.keys()].filter((hop) => app.hops[hop]!.withinMs !== undefined);
  const hop = random.pick(required);
  // The completing event cannot be skipped: without it the message is lost.
  const inner = random.pick(required.slice(0, -1));
  let luck = random.unit() - app.failureShare;
  if (luck < 0) return { kind: "failed", failure: random.pick(app.failures) };
  luck -= lostShare;
  if (luck < 0) return { kind: "lost", hop };
  luck -= slowShare;
  if (luck < 0) return { kind: "slow", hop };
  luck -= skippedShare;
  if (luck < 0) return { kind: "skipped", hop: inner };
  return luck < skewedShare ? { kind: "skewed", hop } : { kind: "none" };
}

export function playMessage(app: DemoApp, seed: MessageSeed, random: Random): DemoMessage {
  const { trouble } = seed;
  const deliveries: Delivery[] = [];
  const reachedAtMs = new Map<string, number>();
  const written = (event: string, clockMs: number, attributes?: DemoEvent["attributes"]): DemoEvent => ({
    app_id: app.appId,
    message_id: seed.messageId,
    external_id: seed.externalId,
    event,
    created_at: new Date(clockMs).toISOString(),
    ...(attributes !== undefined && { attributes }),
  });
  const report = (event: string, atMs: number, attributes?: DemoEvent["attributes"], clockMs = atMs) => {
    const delivery = written(event, clockMs, attributes);
    const arrivesAtMs = atMs + (random.chance(heldUpShare) ? random.between(100, 900) : 0);
    deliveries.push({ atMs: arrivesAtMs, event: delivery });
    if (random.chance(repeatedShare)) {
      deliveries.push({ atMs: arrivesAtMs + random.between(500, 3_000), event: delivery });
    }
  };

  let atMs = seed.openedAtMs;
  report(app.opens, atMs, seed.attributes);
  for (const [index, hop] of app.hops.entries()) {
    const troubled = "hop" in trouble && trouble.hop === index ? trouble.kind : "none";
    if (troubled === "lost") break;
    if (hop.share !== undefined && !random.chance(hop.share)) continue;
    const before = atMs;
    atMs +=
      troubled === "slow" && hop.withinMs !== undefined
        ? app.graceMs + hop.withinMs * random.between(1.05, 2.2)
        : random.spread(hop.typicalMs, hop.highMs);
    const failure = trouble.kind === "failed" ? trouble.failure : undefined;
    if (failure !== undefined && hop.events.includes(failure.insteadOf)) {
      reachedAtMs.set(failure.event, atMs);
      report(failure.event, atMs, { reason: failure.reason });
      break;
    }
    const event = hop.events[seed.alternative % hop.events.length]!;
    const outage = seed.outageAt(event, atMs);
    let retried: DemoEvent["attributes"];
    if (outage !== undefined) {
      const goesOnMs = goesOnAt(atMs, outage);
      const { retries } = outage;
      // An outage changes nothing but times, so that all else is as without it.
      const tries = triesUntil(goesOnMs, atMs, outage);
      for (const [index, triedAtMs] of tries.entries()) {
        const attributes = { attempt: index + 1, error: retries?.error };
        deliveries.push({ atMs: triedAtMs, event: written(retries?.event ?? "", triedAtMs, attributes) });
      }
      if (tries.length > 0) retried = { attempt: tries.length + 1 };
      atMs = goesOnMs;
    }
    reachedAtMs.set(event, atMs);
    if (troubled === "skipped") continue;
    const clockMs = troubled === "skewed" ? before - random.between(200, 1_500) : atMs;
    report(event, atMs, retried, clockMs);
  }
  return { deliveries: deliveries.sort((a, b) => a.atMs - b.atMs), reachedAtMs };
}

/** When a service tries in vain that has to wait from `fromMs` on. */
function triesUntil(untilMs: number, fromMs: number, { retries }: Outage): number[] {
  if (retries === undefined) return [];
  const count = Math.max(0, Math.ceil((untilMs - fromMs) / retries.everyMs) - 1);
  return Array.from({ length: count }, (_, index) => fromMs + (index + 1) * retries.everyMs);
}
