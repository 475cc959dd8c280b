/**
 * Groups findings into incidents, and decides which notifications they need.
 *
 * It has its own position in the sequence of findings' changes, and stores it in the transaction with the incidents and
 * deliveries that follow from them: a crash at any point loses and repeats nothing. It keeps a copy of the database's state in
 * memory. Each step that it writes names the step before, so one whose answer was lost is either found done or made again.
 */
import { MarsError } from "../core/error.ts";
import type { Micros } from "../core/event.ts";
import type { Judge } from "../core/judgement.ts";
import type { Log } from "../core/ports.ts";
import { nowMicros } from "../core/time.ts";
import type { FindingReader } from "../lifecycle/finding-query.ts";
import { applyChanges } from "./apply-changes.ts";
import { bisect, passes } from "./bisect.ts";
import { sharesOf } from "./conditions/measure-share.ts";
import { Measurer, type MeasurerOptions } from "./conditions/measurer.ts";
import { openMeasured } from "./conditions/open-measured.ts";
import { decideIncidents } from "./decide-incidents.ts";
import { type Decision, decide } from "./decision.ts";
import { type EvaluatorState, load, type WatchedIncident, watch } from "./evaluator-state.ts";
import type { Figures } from "./figures.ts";
import { silentUntil } from "./hours/rule-hours.ts";
import { type Incident, type IncidentKey, incidentKey, incidentsMax, notAhead } from "./incident.ts";
import { logIncident } from "./incident-log.ts";
import { NotifiedSinks } from "./notified-sinks.ts";
import type { AlertReader, AlertStep } from "./ports.ts";
import { type AlertRule, ruleMatches } from "./rule.ts";

/** Incidents that one transaction decides about with their figures. */
const stepIncidents = 100;
/** Time until an incident whose decision failed is decided again. */
const retryAfterMs = 60_000;
/** Changes skipped in a row. Beyond it the fault is not of the changes, and alerting waits. */
const skippedInARowMax = 100;

export interface EvaluatorOptions {
  /** See `AlertStore`. */
  readonly store: { commitAlerts(step: AlertStep): Promise<unknown> } & MeasurerOptions["store"];
  readonly reader: Pick<AlertReader, "alertState" | "alertCounts" | "alertArrivals" | "alertHopP99s"> &
    MeasurerOptions["reader"];
  readonly judge: Judge;
  readonly drift: MeasurerOptions["drift"];
  readonly findings: Pick<FindingReader, "findingHistory">;
  /** The time; that of the system unless given. */
  readonly now?: () => Micros;
  readonly log: Log;
}

export class Evaluator {
  readonly #options: Omit<EvaluatorOptions, "now">;
  readonly #now: () => Micros;
  readonly #measurer: Measurer;
  /** Equal to the database, unless it is stale. */
  #state: EvaluatorState | undefined;
  #stale = true;
  #full = false;
  /** Time of the last step. */
  #clock: Micros = 0;
  #skipped = 0;
  #skippedInARow = 0;

  constructor({ now = nowMicros, ...options }: EvaluatorOptions) {
    this.#options = options;
    this.#now = now;
    this.#measurer = new Measurer(options);
  }

  /** Changes of findings that could not be read and were skipped, since the start. */
  get skipped(): number {
    return this.#skipped;
  }

  /** See `Alerts.measured`. */
  measured(incident: IncidentKey): Figures | undefined {
    return this.#state?.incidents.get(incidentKey(incident))?.measured;
  }

  /** Reads everything again at the next step: rules or silences have changed. */
  forget(): void {
    this.#stale = true;
  }

  /**
   * Applies the changes of findings up to `upTo`, then decides which notifications are due.
   *
   * @param upTo seq of the last published change
   * @returns when the next step is due if no finding changes; whether there is a new delivery
   */
  async step(upTo: number): Promise<{ nextAt?: Micros; notified: boolean }> {
    try {
      if (this.#stale) await this.#load();
      this.#noticeClock();
      const { rules, incidents } = this.#loaded();
      if (rules.size === 0 && incidents.size === 0) return { notified: false };
      // Without a rule, the first one that is put begins with the findings of then.
      while (rules.size > 0 && this.#loaded().findingSeq < upTo) await this.#advance(upTo);
      await this.#measure();
      const notified = await this.#decideAll();
      const times = [...this.#loaded().incidents.values()].map(({ dueAt }) => dueAt);
      const lookAt = this.#measurer.nextAt(rules.values());
      if (lookAt !== undefined) times.push(lookAt);
      return { notified, ...(times.length > 0 && { nextAt: times.reduce((a, b) => Math.min(a, b)) }) };
    } catch (thrown) {
      this.#stale = true;
      throw thrown;
    }
  }

  async #load(): Promise<void> {
    this.#state = await load(this.#options.reader, this.#now(), this.#state);
    this.#measurer.retain(this.#state);
    this.#stale = false;
  }

  /** After a step back of the clock, waiting for a time that the former clock gave would take too long. */
  #noticeClock(): void {
    const now = this.#now();
    if (now < this.#clock) {
      for (const watched of this.#loaded().incidents.values()) {
        watched.incident = notAhead(watched.incident, now);
        watched.extendedAt = Math.min(watched.extendedAt, now);
        watched.dueAt = 0;
      }
    }
    this.#clock = now;
  }

  /** Applies one page of changes. A page that fails is halved, down to the change at fault, which is skipped. */
  async #advance(upTo: number): Promise<void> {
    for (let to = upTo; ; ) {
      try {
        await this.#applyPage(to);
        this.#skippedInARow = 0;
        return;
      } catch (thrown) {
        // A fault of every change is no fault of this one.
        if (passes(thrown) || this.#skippedInARow >= skippedInARowMax) throw thrown;
        await this.#load();
        const from = this.#loaded().findingSeq;
        if (to - from > 1) {
          to = from + Math.ceil((to - from) / 2);
          continue;
        }
        const fields = { event: "alert_finding_skipped", seq: to, error: thrown };
        this.#options.log.error("finding cannot be applied, skipped", fields);
        await this.#commit({ findingSeq: to, incidents: [], deliveries: [] });
        this.#skippedInARow += 1;
        this.#skipped += 1;
        return;
      }
    }
  }

  /** Applies one page of changes: extends incidents, and opens new ones. */
  async #applyPage(upTo: number): Promise<void> {
    const state = this.#loaded();
    const { findings, to } = await this.#options.findings.findingHistory({ after: state.findingSeq, upTo });
    if (to <= state.findingSeq) {
      throw new MarsError("unavailable", "published findings cannot be read yet");
    }
    const { reader } = this.#options;
    const clock = this.#now();
    const { extended, opened } = await applyChanges(findings, state, { reader, clock });
    const shares = await sharesOf(reader, findings, state.rules.values(), clock);
    const measured = openMeasured(shares, state, { clock, others: opened.length });
    const incidents = [...extended, ...measured.extended, ...this.#withRoom([...opened, ...measured.opened])];
    // Changes that match no rule may be read again after a crash; they are not worth a write.
    if (incidents.length === 0) this.#state = { ...state, findingSeq: to };
    else await this.#commit({ findingSeq: to, incidents, deliveries: [] });
  }

  /** Measures the conditions that are due, and opens incidents of those that hold. */
  async #measure(): Promise<void> {
    const state = this.#loaded();
    const clock = this.#now();
    const { looked, openings } = await this.#measurer.look(state.rules.values(), clock);
    if (looked.size === 0) return;
    for (const watched of state.incidents.values()) {
      if (looked.has(watched.incident.rule)) Object.assign(watched, { dueAt: 0, lookAt: 0 });
    }
    const { extended, opened } = openMeasured(openings, state, { clock, others: 0 });
    const incidents = [...extended, ...this.#withRoom(opened)];
    if (incidents.length > 0) await this.#commit({ findingSeq: state.findingSeq, incidents, deliveries: [] });
  }

  /** As many of the new incidents as there is room for. */
  #withRoom(opened: readonly Incident[]): readonly Incident[] {
    const room = Math.max(0, incidentsMax - this.#loaded().incidents.size);
    if (opened.length > room && !this.#full) {
      this.#options.log.error("too many active incidents, no new ones open", {
        event: "incidents_full",
        incidents: incidentsMax,
      });
    }
    this.#full = opened.length > room;
    return opened.slice(0, room);
  }

  /** Decides about every incident that is due. */
  async #decideAll(): Promise<boolean> {
    let notified = false;
    for (;;) {
      const clock = this.#now();
      let notifiedSinks: NotifiedSinks | undefined;
      const undecided: WatchedIncident[] = [];
      for (const watched of this.#loaded().incidents.values()) {
        if (watched.dueAt > clock) continue;
        notifiedSinks ??= this.#notifiedSinks();
        const decision = this.#decide(watched, clock, notifiedSinks);
        if (decision.action === "wait") watched.dueAt = decision.until;
        else if (undecided.push(watched) >= stepIncidents) break;
      }
      if (undecided.length === 0) return notified;
      const changed = await bisect(
        undecided,
        (half) => this.#decideWithFigures(half, clock),
        (watched, thrown) => this.#postpone(watched, clock, thrown),
      );
      notified = changed || notified;
    }
  }

  /** Its decision failed: it is due again later. */
  #postpone(watched: WatchedIncident, clock: Micros, error: unknown): void {
    const fields = { event: "incident_failing", incident: watched.incident.id, error };
    this.#options.log.error("incident cannot be evaluated, trying again", fields);
    watched.dueAt = clock + retryAfterMs * 1_000;
  }

  /** Decides about these with their figures, in one transaction. @returns whether there is a new delivery */
  async #decideWithFigures(undecided: readonly WatchedIncident[], clock: Micros): Promise<boolean> {
    const ruleOf = (incident: Incident) => this.#loaded().rules.get(incident.rule);
    const { incidents, deliveries } = await decideIncidents(undecided, {
      reader: this.#options.reader,
      read: (incidents) => this.#measurer.figures(incidents, ruleOf, clock),
      clock,
      ruleOf,
      notifiedSinks: this.#notifiedSinks(),
      decide: (watched, notifiedSinks, figures) => this.#decide(watched, clock, notifiedSinks, figures),
    });
    if (incidents.length === 0) return false;
    await this.#commit({ findingSeq: this.#loaded().findingSeq, incidents, deliveries });
    return deliveries.some(({ state }) => state === "pending");
  }

  #decide(
    watched: WatchedIncident,
    clock: Micros,
    notifiedSinks: NotifiedSinks,
    figures?: Figures,
  ): Decision {
    const { incident } = watched;
    const rule = this.#ruleOf(incident);
    const silent = silentUntil(incident, this.#loaded(), clock);
    return decide(incident, rule, {
      ...watched,
      clock,
      unnotified: typeof rule !== "string" && notifiedSinks.unnotified(incident, rule).length > 0,
      ...(silent !== undefined && { silentUntil: silent }),
      ...(figures !== undefined && { figures }),
    });
  }

  async #commit(change: Omit<AlertStep, "step">): Promise<void> {
    const state = this.#loaded();
    const step = state.step + 1;
    await this.#options.store.commitAlerts({ ...change, step });
    const now = this.#now();
    for (const incident of change.incidents) {
      const key = incidentKey(incident);
      logIncident(this.#options.log, state.incidents.get(key)?.incident, incident);
      if (incident.closedAt > 0) state.incidents.delete(key);
      else {
        const times = state.incidents.get(key) ?? watch(incident, now);
        state.incidents.set(key, { ...times, incident, dueAt: 0 });
      }
    }
    const lastIncident = change.incidents.reduce((max, { id }) => Math.max(max, id), state.lastIncident);
    this.#state = { ...state, step, findingSeq: change.findingSeq, lastIncident };
  }

  #loaded(): EvaluatorState {
    if (this.#state === undefined) throw new MarsError("internal", "alerts have not been read");
    return this.#state;
  }

  /** The rule of the incident, or why none is about it any more. */
  #ruleOf(incident: Incident): AlertRule | "rule_deleted" | "rule_changed" {
    const rule = this.#loaded().rules.get(incident.rule);
    if (rule === undefined) return "rule_deleted";
    return ruleMatches(rule, incident) ? rule : "rule_changed";
  }

  #notifiedSinks(): NotifiedSinks {
    return new NotifiedSinks([...this.#loaded().incidents.values()].map(({ incident }) => incident));
  }
}
