/**
 * The messages of the large database: how many apps, lifecycles and states there are, and what each message has. All of it follows
 * from the message's number, so that a read knows what is there.
 */
import { messageId } from "../events.ts";

/** Of these messages the others are copies: each hundred of them is alike. */
export const patternMessages = 100_000;
const run = "filled";
const minute = 60_000;
const day = 24 * 60 * minute;
/** The times of the messages: from so long ago, up to so long ago. */
const earliestMs = 10 * day;
const latestMs = 30 * minute;

/** Apps whose messages go from stage to stage: each has five hops, at which a tenth of all messages is stuck. */
export const flowStages = ["CREATED", "ACCEPTED", "PAID", "PACKED", "SENT", "DELIVERED"] as const;
const numbered = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name}-${n}`);
export const flowApps = numbered("flow", 20);
/** Two stages, nearly always complete. */
export const pairApps = numbered("pair", 4);
/** Two stages, the second of which is due in weeks. */
export const waitApps = numbered("wait", 4);
/** Without a lifecycle. */
export const plainApps = numbered("plain", 3);
export const indexedAttributes = ["region", "carrier", "customer"] as const;
export const regions = ["north", "south", "east", "west", "centre", "islands", "coast", "border"] as const;
export const carriers = 20;
export const customers = 5_000;

interface Definition {
  readonly stages: readonly unknown[];
  readonly complete_on: readonly string[];
  readonly fail_on?: readonly string[];
}

/** By app. */
export function lifecycles(): [app: string, definition: Definition][] {
  const flow = flowStages.map((event, n) =>
    n === 0 ? { event } : { event, after: flowStages[n - 1], within: "5m" },
  );
  const pair = (within: string) => ({
    stages: [{ event: "CREATED" }, { event: "DELIVERED", within }],
    complete_on: ["DELIVERED"],
  });
  return [
    ...flowApps.map((app): [string, Definition] => [
      app,
      { stages: flow, complete_on: ["DELIVERED"], fail_on: ["REJECTED"] },
    ]),
    ...pairApps.map((app): [string, Definition] => [app, pair("5m")]),
    ...waitApps.map((app): [string, Definition] => [app, pair("30d")]),
  ];
}

export interface PatternEvent {
  readonly app_id: string;
  readonly message_id: string;
  readonly event: string;
  readonly created_at: string;
  readonly external_id?: string;
  readonly parent_id?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** One message of the pattern: the events that come first, and those that come when their absence has been found. */
export interface PatternMessage {
  readonly events: readonly PatternEvent[];
  readonly late: readonly PatternEvent[];
}

/** Its id within the pattern; in the database a prefix of its copy is before it. */
export function patternId(n: number): string {
  return messageId(n, run);
}

export function overdueOf(messages: number): number {
  return messages / 10;
}

/** @param now milliseconds */
export function patternMessage(n: number, now: number): PatternMessage {
  const [hundred, kind] = [Math.floor(n / 100), n % 100];
  const step = (earliestMs - latestMs) / patternMessages;
  const start = now - earliestMs + n * step;
  const message = (app: string, names: readonly string[], more: Partial<PatternEvent> = {}) =>
    names.map(
      (event, at): PatternEvent => ({
        app_id: app,
        message_id: patternId(n),
        event,
        // Ever other latencies, within the deadline.
        created_at: new Date(start + at * (1_000 + ((n * 7_919) % 60_000))).toISOString(),
        ...more,
      }),
    );
  const of = <T>(list: readonly T[]) => list[(hundred + kind) % list.length]!;
  const attributes = {
    region: regions[(n * 31) % regions.length]!,
    carrier: `carrier-${(n * 17) % carriers}`,
    customer: `customer-${n % customers}`,
  };
  const journey = { external_id: `journey-${hundred}-${kind % 20}` };
  if (kind < 10) {
    const reached = flowStages.slice(0, 1 + (Math.floor(n / 2_000) % 5));
    return { events: message(flowApps[hundred % 20]!, reached, { attributes }), late: [] };
  }
  if (kind < 15) return { events: message(of(waitApps), ["CREATED"]), late: [] };
  if (kind < 16) return { events: message(of(flowApps), ["CREATED", "REJECTED"], { attributes }), late: [] };
  if (kind < 30) return { events: message(of(plainApps), ["SEEN"], parentOf(hundred, kind)), late: [] };
  const pair = message(of(pairApps), ["CREATED", "DELIVERED"], kind < 50 ? journey : {});
  if (kind === 60) return { events: pair.slice(0, 1), late: pair.slice(1) };
  if (kind < 80) return { events: pair, late: [] };
  return { events: message(of(flowApps), flowStages, { attributes, ...journey }), late: [] };
}

/** Some are parts of the first of them. */
function parentOf(hundred: number, kind: number): Partial<PatternEvent> {
  return kind === 16 ? {} : { parent_id: patternId(hundred * 100 + 16) };
}
