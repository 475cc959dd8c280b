/**
 * What a rule would have sent: the evaluator itself, on a clock of its own, over the findings that are stored. It begins where the window
 * does, as if the rule had been put then, and writes nothing.
 */
import { MarsError } from "../../core/error.ts";
import type { Micros } from "../../core/event.ts";
import type { Log } from "../../core/ports.ts";
import type { Window } from "../../core/window.ts";
import type { DriftAnswer, FindDrift } from "../conditions/drift-looks.ts";
import { Evaluator } from "../evaluator.ts";
import type { Figures } from "../figures.ts";
import type { AlertCalendar } from "../hours/schedule.ts";
import type { IncidentKey } from "../incident.ts";
import type { IncidentChange } from "../notification.ts";
import type { AlertReader, AlertStep } from "../ports.ts";
import { refuse, unknownCalendar } from "../refuse.ts";
import type { AlertRule } from "../rule.ts";
import { FindingReplay, type ReplayedFinding } from "./finding-replay.ts";
import { previewNotificationsMax } from "./preview-limits.ts";

/** Rounds of the evaluator, and reads of counts. */
const roundsMax = 500_000;
const readsMax = 50_000;
/** Messages of all looks for a drift together, of which there is one an hour. */
const driftMessagesMax = 500_000;
/** The evaluator's least time between two rounds: what changes within it is looked at together. */
const roundTime: Micros = 100_000;
const minute: Micros = 60_000_000;
/** What opens at the end of the window has its notification so much later at most: it waits until its number is steady. */
const decidedWithin: Micros = 10_000_000;

/** What is stored of the window. Implemented by `db/alerts/`. */
export interface PreviewSource {
  /** The latest, in the order in which they were raised. */
  findings(
    rule: AlertRule,
    window: Window,
  ): Promise<{ findings: readonly ReplayedFinding[]; partial: boolean }>;
  calendars(): Promise<readonly AlertCalendar[]>;
  hopTimes: AlertReader["alertHopTimes"];
  /** The minutes in which such an event happened, as the times of their beginnings, in order. */
  minutesOf(appId: string, event: string, window: Window): Promise<readonly Micros[]>;
  /** By what is stored today: an event that came after `clock` counts as well. */
  drift: FindDrift;
}

export interface PreviewNotification extends Omit<IncidentKey, "rule"> {
  readonly at: Micros;
  readonly type: IncidentChange;
  readonly text: string;
  readonly figures: Figures;
}

export interface Preview extends Window {
  /** In order, the first of them. */
  readonly notifications: readonly PreviewNotification[];
  readonly count: number;
  readonly incidents: number;
  /** With the most notifications; absent where there are none. */
  readonly noisiest?: Omit<IncidentKey, "rule"> & { readonly count: number };
  /** It begins later, or ends earlier, than was asked for: there was too much to look at. */
  readonly partial: boolean;
}

/**
 * @param check called now and then; ends the run by throwing
 * @throws `MarsError("invalid_argument")` where the rule names a calendar that is not there: it could not be put
 */
export async function preview(
  rule: AlertRule,
  window: Window,
  { source, check }: { readonly source: PreviewSource; readonly check: () => void },
): Promise<Preview> {
  const calendars = await source.calendars();
  refuse(unknownCalendar(rule, calendars, "rule.schedule.calendar"));
  const { findings, partial } = await source.findings(rule, window);
  const since = partial ? Math.max(window.since, (findings[0]?.raisedAt ?? window.since) - 1) : window.since;
  const replay = new FindingReplay(findings);
  const minutes = await minutesOf(rule, { ...window, since }, source);
  let clock = since;
  let reads = 0;
  let steps: AlertStep[] = [];
  let looking: Promise<DriftAnswer | undefined> | undefined;
  let looked = 0;
  let last: { readonly key: string; readonly times: ReturnType<PreviewSource["hopTimes"]> } | undefined;

  const evaluator = new Evaluator({
    now: () => clock,
    judge: async () => ({ judged: clock, pausedApps: [] }),
    log,
    drift(query) {
      looking = source.drift(query);
      return looking;
    },
    store: {
      commitAlerts: async (step) => void steps.push(step),
      noteAlertLook: async () => undefined,
    },
    findings: { findingHistory: async (query) => replay.history(query) },
    reader: {
      alertState: async () => ({
        ...{ step: 0, findingSeq: 0, lastIncident: 0, unreadableRules: [], silences: [], incidents: [] },
        rules: [{ ...rule, countsFrom: since }],
        calendars,
      }),
      alertCounts: async (groups) => groups.map((group) => replay.count(group)),
      alertArrivals: async (ids) => replay.arrivals(ids),
      alertFigures: async (groups) => groups.map((group) => replay.figures(group)),
      alertHopP99s: async (hops) => hops.map(() => undefined),
      alertLooks: async () => [],
      alertArrivedAt: async () => arrivedBy(minutes, clock),
      alertHopTimes(query) {
        // Counts are by the minute. What the minute of the clock has in the end was not known then.
        const windows = query.windows.map(({ since, until }) => ({
          since: Math.floor(since / minute) * minute,
          until: Math.floor(until / minute) * minute,
        }));
        const key = JSON.stringify(windows);
        if (last?.key !== key) {
          reads += 1;
          last = { key, times: source.hopTimes({ ...query, windows }) };
        }
        return last.times;
      },
    },
  });

  const result = new Result();
  let rounds = 0;
  for (;;) {
    const { nextAt = Number.POSITIVE_INFINITY } = await evaluator.step(replay.advance(clock));
    // It runs beside the evaluator, which asks for it in its next rounds. The clock of a preview waits for it.
    looked += (await looking)?.messages ?? 0;
    looking = undefined;
    for (const step of steps) result.add(step);
    steps = [];
    rounds += 1;
    if (rounds % 1_000 === 0) check();
    if (rounds >= roundsMax || reads >= readsMax || looked >= driftMessagesMax) break;
    const next = Math.min(
      Math.max(nextAt, clock + 1_000),
      (replay.nextAt ?? Number.POSITIVE_INFINITY) + roundTime,
    );
    if (next > window.until + (result.undecided ? decidedWithin : 0)) {
      clock = Math.max(window.until, clock);
      break;
    }
    clock = Math.max(next, clock);
  }
  const until = Math.min(clock, window.until);
  return { since, until, ...result.all(), partial: partial || until < window.until };
}

/** Counts what was decided. */
class Result {
  readonly #notifications: PreviewNotification[] = [];
  readonly #hops = new Map<string, { readonly hop: Omit<IncidentKey, "rule">; count: number }>();
  readonly #undecided = new Set<number>();
  #count = 0;
  #incidents = 0;

  /** An incident has opened, or reopened, and had no notification yet. */
  get undecided(): boolean {
    return this.#undecided.size > 0;
  }

  add({ deliveries, incidents }: AlertStep): void {
    for (const { id, notifiedAt, silenced, closedAt } of incidents) {
      this.#incidents = Math.max(this.#incidents, id);
      if (notifiedAt === 0 && !silenced && closedAt === 0) this.#undecided.add(id);
      else this.#undecided.delete(id);
    }
    // Deliveries of one notification to several sinks count once.
    const changes = new Map(
      deliveries.map((delivery) => [`${delivery.incident} ${delivery.change}`, delivery]),
    );
    for (const { state, notification } of changes.values()) {
      const { incident, type, at, text } = notification;
      if (incident === undefined || state !== "pending") continue;
      const { appId, kind, stage, after, figures } = incident;
      const hop = { appId, kind, stage, after };
      this.#count += 1;
      const known = this.#hops.get(JSON.stringify(hop)) ?? { hop, count: 0 };
      known.count += 1;
      this.#hops.set(JSON.stringify(hop), known);
      if (this.#notifications.length < previewNotificationsMax)
        this.#notifications.push({ ...hop, at, text, figures, type: type as IncidentChange });
    }
  }

  all(): Pick<Preview, "notifications" | "count" | "incidents" | "noisiest"> {
    const [noisiest] = [...this.#hops.values()].sort((a, b) => b.count - a.count);
    return {
      notifications: this.#notifications,
      count: this.#count,
      incidents: this.#incidents,
      ...(noisiest !== undefined && { noisiest: { ...noisiest.hop, count: noisiest.count } }),
    };
  }
}

async function minutesOf(
  { condition, appId }: AlertRule,
  window: Window,
  source: PreviewSource,
): Promise<readonly Micros[]> {
  return condition?.type === "absence" && appId !== undefined
    ? source.minutesOf(appId, condition.event, window)
    : [];
}

/** When the last event came, as far as the minute says that. */
function arrivedBy(minutes: readonly Micros[], clock: Micros): Micros {
  const after = minutes.findIndex((at) => at > clock);
  const at = minutes.at(after < 0 ? -1 : after - 1);
  return at === undefined || after === 0 ? 0 : Math.min(clock, at + minute);
}

const fail = (message: string, fields?: object) => {
  throw new MarsError("internal", message, { cause: fields });
};
const log: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: fail };
