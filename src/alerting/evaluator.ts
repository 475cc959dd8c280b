/**
 * Groups findings into incidents, and decides which notifications they need.
 *
 * It has a place of its own in the sequence of findings' changes, and moves it in the same transaction as all that follows
 * from them, deliveries included: a crash at any point loses and doubles nothing. What it has read is in memory, and what
 * it writes names the step that it continues from, so a step whose answer was lost is either found done or made again.
 */
import { MarsError } from "../core/error.ts";
import type { Micros } from "../core/event.ts";
import type { Log } from "../core/ports.ts";
import { nowMicros } from "../core/time.ts";
import type { LifecycleReader } from "../lifecycle/ports.ts";
import { type AlertRule, type Figures, type Incident, incidentsMax, silences } from "./alert.ts";
import type { AlertReader, AlertStep, AlertStore, FindingGroup } from "./alert-ports.ts";
import { type Decision, decide } from "./decide.ts";
import {
  changesByHop,
  extendIncident,
  type HopChanges,
  incidentKey,
  notAhead,
  openIncident,
  ruleMatches,
} from "./grouping.ts";
import { halve, passes } from "./halve.ts";
import { type NewNotification, notify } from "./notify.ts";
import { type Loaded, load, type Watched } from "./watched.ts";

/** Incidents that one transaction decides about with their figures. */
const stepIncidents = 100;
/** When an incident that could not be decided about is looked at again. */
const failedForMs = 60_000;
/** Changes passed over one after another; then it is not the changes, and alerting waits. */
const passedInARowMax = 100;

export interface EvaluatorOptions {
  readonly store: Pick<AlertStore, "commitAlerts">;
  readonly reader: Pick<AlertReader, "alertState" | "alertCounts" | "alertFigures">;
  readonly findings: Pick<LifecycleReader, "findingHistory">;
  readonly log: Log;
}

/** What may begin an incident. */
interface Begin {
  readonly rule: AlertRule;
  readonly hop: HopChanges;
}

export class Evaluator {
  readonly #options: EvaluatorOptions;
  /** As it is in the database; forgotten when that is not certain any more. */
  #state: Loaded | undefined;
  #full = false;
  /** When a step was last made. */
  #clock: Micros = 0;
  #passedOver = 0;
  #passedInARow = 0;

  constructor(options: EvaluatorOptions) {
    this.#options = options;
  }

  /** Changes of findings that could not be read and were passed over, since the start. */
  get passedOver(): number {
    return this.#passedOver;
  }

  /** Rules or silences have changed. */
  forget(): void {
    this.#state = undefined;
  }

  /**
   * Applies the changes of findings up to `upTo`, then decides which notifications are due.
   *
   * @param upTo the last change that has been published
   * @returns when it is to be called again if no finding changes; whether there is something new to deliver
   */
  async step(upTo: number): Promise<{ nextAt?: Micros; notified: boolean }> {
    try {
      this.#state ??= await load(this.#options.reader);
      this.#noticeClock();
      if (this.#state.rules.size === 0) return { notified: false };
      while (this.#loaded().findingSeq < upTo) await this.#advance(upTo);
      const notified = await this.#decideAll();
      const times = [...this.#loaded().incidents.values()].map(({ lookAt }) => lookAt);
      return { notified, ...(times.length > 0 && { nextAt: times.reduce((a, b) => Math.min(a, b)) }) };
    } catch (thrown) {
      this.#state = undefined;
      throw thrown;
    }
  }

  /** Where the clock has gone back, what waits for a time of the clock before would wait for too long. */
  #noticeClock(): void {
    const now = nowMicros();
    if (now < this.#clock) {
      for (const watched of this.#loaded().incidents.values()) {
        watched.incident = notAhead(watched.incident, now);
        watched.heardAt = Math.min(watched.heardAt, now);
        watched.lookAt = 0;
      }
    }
    this.#clock = now;
  }

  /** One page of changes: one that cannot be applied is halved, down to the change that is at fault, which is passed over. */
  async #advance(upTo: number): Promise<void> {
    for (let to = upTo; ; ) {
      try {
        await this.#follow(to);
        this.#passedInARow = 0;
        return;
      } catch (thrown) {
        // What every change fails by is no change's fault.
        if (passes(thrown) || this.#passedInARow >= passedInARowMax) throw thrown;
        this.#state = await load(this.#options.reader);
        const from = this.#state.findingSeq;
        if (to - from > 1) {
          to = from + Math.ceil((to - from) / 2);
          continue;
        }
        const fields = { event: "finding_passed_over", seq: to, error: thrown };
        this.#options.log.error("finding passed over by alerts", fields);
        await this.#commit({ findingSeq: to, incidents: [], deliveries: [] });
        this.#passedInARow += 1;
        this.#passedOver += 1;
        return;
      }
    }
  }

  /** One page of changes. */
  async #follow(upTo: number): Promise<void> {
    const state = this.#loaded();
    const { findings, to } = await this.#options.findings.findingHistory({ after: state.findingSeq, upTo });
    if (to <= state.findingSeq) {
      throw new MarsError("unavailable", "the findings that were published cannot be read yet");
    }
    const clock = nowMicros();
    const extended: Incident[] = [];
    const begins: Begin[] = [];
    for (const hop of changesByHop(findings)) {
      for (const rule of state.rules.values()) {
        if (!ruleMatches(rule, hop)) continue;
        const watched = state.incidents.get(incidentKey({ ...hop, rule: rule.id }));
        if (watched !== undefined) {
          watched.lookAt = 0;
          if (hop.raised === undefined) continue;
          watched.heardAt = clock;
          extended.push(notAhead(extendIncident(watched.incident, hop), clock));
        } else if (hop.raised !== undefined) {
          begins.push({ rule, hop });
        }
      }
    }
    const incidents = [...extended, ...(await this.#begin(begins, clock))];
    // Changes that say nothing to any rule may be looked at again after a crash; they are not worth a write.
    if (incidents.length === 0) this.#state = { ...state, findingSeq: to };
    else await this.#commit({ findingSeq: to, incidents, deliveries: [] });
  }

  /** The incidents that begin: where enough findings hold that were raised within the rule's time. */
  async #begin(begins: readonly Begin[], clock: Micros): Promise<Incident[]> {
    const state = this.#loaded();
    // Where one is enough there is nothing to count: one holds.
    const counted = begins.filter(({ rule }) => rule.atLeast > 1);
    const counts = await this.#options.reader.alertCounts(
      counted.map(({ rule, hop }) => groupOf(hop, (hop.raised?.last ?? clock) - rule.windowMs * 1_000)),
    );
    const few = new Set(counted.filter(({ rule }, index) => (counts[index] ?? 0) < rule.atLeast));
    const enough = begins.filter((begin) => !few.has(begin));
    const room = Math.max(0, incidentsMax - state.incidents.size);
    if (enough.length > room && !this.#full) {
      this.#options.log.error("too many incidents last: no new ones begin", {
        event: "incidents_full",
        incidents: incidentsMax,
      });
    }
    this.#full = enough.length > room;
    return enough.slice(0, room).map(({ rule, hop }, index) => {
      const id = state.lastIncident + 1 + index;
      return notAhead(openIncident(rule, hop, { id, clock }), clock);
    });
  }

  /** Looks at every incident that is to be looked at. */
  async #decideAll(): Promise<boolean> {
    let notified = false;
    for (;;) {
      const clock = nowMicros();
      const asking: Watched[] = [];
      for (const watched of this.#loaded().incidents.values()) {
        if (watched.lookAt > clock) continue;
        const decision = this.#decide(watched, clock, undefined);
        if (decision.what === "wait") watched.lookAt = decision.until;
        else if (asking.push(watched) >= stepIncidents) break;
      }
      if (asking.length === 0) return notified;
      const settled = await halve(
        asking,
        (part) => this.#settle(part, clock),
        (watched, thrown) => this.#postpone(watched, clock, thrown),
      );
      notified = settled || notified;
    }
  }

  /** It cannot be decided about: it is looked at later. */
  #postpone(watched: Watched, clock: Micros, error: unknown): void {
    const fields = { event: "incident_failing", incident: watched.incident.id, error };
    this.#options.log.error("incident cannot be decided about, trying again", fields);
    watched.lookAt = clock + failedForMs * 1_000;
  }

  /** Decides about these with their figures, in one transaction. */
  async #settle(asking: readonly Watched[], clock: Micros): Promise<boolean> {
    const figures = await this.#options.reader.alertFigures(
      asking.map(({ incident }) => ({
        ...groupOf(incident, incident.countedFrom),
        incident: incident.id,
      })),
    );
    const incidents: Incident[] = [];
    const deliveries: NewNotification[] = [];
    for (const [index, watched] of asking.entries()) {
      const known = figures[index];
      if (known === undefined) throw new Error("figures are missing");
      const decision = this.#decide(watched, clock, known);
      if (decision.what === "wait" || decision.what === "ask") {
        watched.lookAt = decision.what === "wait" ? decision.until : clock + 1;
      } else if (decision.what === "drop") {
        incidents.push({ ...watched.incident, closedAt: clock });
      } else {
        const rule = this.#ruleOf(watched.incident);
        const change = notify(watched.incident, rule, { ...decision, clock, figures: known });
        incidents.push(change.incident);
        deliveries.push(...change.deliveries);
      }
    }
    if (incidents.length === 0) return false;
    await this.#commit({ findingSeq: this.#loaded().findingSeq, incidents, deliveries });
    return deliveries.some(({ state }) => state === "pending");
  }

  #decide({ incident, heardAt }: Watched, clock: Micros, figures: Figures | undefined): Decision {
    const ends = this.#loaded()
      .silences.filter((silence) => silence.until > clock && silences(silence, incident))
      .map(({ until }) => until);
    return decide(incident, this.#ruleOf(incident), {
      clock,
      heardAt,
      ...(ends.length > 0 && { silentUntil: Math.max(...ends) }),
      ...(figures !== undefined && { figures }),
    });
  }

  async #commit(change: Omit<AlertStep, "step">): Promise<void> {
    const state = this.#loaded();
    const step = state.step + 1;
    await this.#options.store.commitAlerts({ ...change, step });
    const now = nowMicros();
    for (const incident of change.incidents) {
      const key = incidentKey(incident);
      if (incident.closedAt > 0) state.incidents.delete(key);
      else {
        const heardAt = state.incidents.get(key)?.heardAt ?? now;
        state.incidents.set(key, { incident, heardAt, lookAt: 0 });
      }
    }
    const lastIncident = change.incidents.reduce((max, { id }) => Math.max(max, id), state.lastIncident);
    this.#state = { ...state, step, findingSeq: change.findingSeq, lastIncident };
  }

  #loaded(): Loaded {
    if (this.#state === undefined) throw new MarsError("internal", "alerts have not been read");
    return this.#state;
  }

  #ruleOf(incident: Incident): AlertRule {
    const rule = this.#loaded().rules.get(incident.rule);
    if (rule === undefined)
      throw new Error(`incident ${incident.id} is of rule ${incident.rule}, which is not there`);
    return rule;
  }
}

function groupOf({ appId, kind, stage, versions }: Omit<FindingGroup, "since">, since: Micros): FindingGroup {
  return { appId, kind, stage, versions, since };
}
