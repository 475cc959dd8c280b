/**
 * Measures the conditions of rules, at intervals, by a time at which all that came before has been counted: while Mars is behind, was
 * down or may have refused producers nothing is measured, and nothing changes.
 */
import type { Micros } from "../../core/event.ts";
import type { Judge, Judgement } from "../../core/judgement.ts";
import type { Log } from "../../core/ports.ts";
import { nameOfEvents } from "../../core/stage-name.ts";
import type { EvaluatorState } from "../evaluator-state.ts";
import { type Figures, figureGroupOf } from "../figures.ts";
import type { RuleHours } from "../hours/rule-hours.ts";
import { countsFindings, type Incident, incidentKey } from "../incident.ts";
import type { AlertReader, AlertStore } from "../ports.ts";
import { type AlertRule, isOfHop, opensOther, ruleMatches } from "../rule.ts";
import type { AbsenceCondition, DriftCondition, LatencyCondition } from "./condition.ts";
import { type DriftLook, DriftLooks, type FindDrift } from "./drift-looks.ts";
import { measureLatency, usualWindows } from "./latency.ts";
import { shareFigures } from "./measure-share.ts";
import { type Measured, noFigures } from "./measured.ts";
import { measureEvery } from "./measured-decision.ts";
import type { Opening } from "./opening.ts";
import { beginWait, type Wait, wait } from "./wait.ts";

/** How often it is noted until when time was counted, so that a restart loses no more. */
const noteEvery: Micros = 30_000_000;

export interface MeasurerOptions {
  readonly reader: Pick<AlertReader, "alertFigures" | "alertHopTimes" | "alertArrivedAt" | "alertLooks">;
  readonly store: Pick<AlertStore, "noteAlertLook">;
  readonly judge: Judge;
  readonly drift: FindDrift;
  readonly log: Log;
}

/** While an event is absent, the interval at which is looked whether it has come. */
const absentEvery: Micros = 2_000_000;
/** The interval at which is asked whether the first look for a drift has ended. */
const firstLookEvery: Micros = 1_000_000;

interface Result {
  readonly measured: Measured;
  readonly samples: readonly string[];
}

/** The last look at a rule. */
interface RuleLook {
  readonly nextAt: Micros;
  /** By the incident's key. */
  readonly results: ReadonlyMap<string, Result>;
  readonly wait?: Wait;
  readonly notedAt?: Micros;
}

export class Measurer {
  readonly #options: MeasurerOptions;
  readonly #looks = new Map<string, RuleLook>();
  /** Where waits and looks for drifts go on from; read once. */
  #noted: Map<string, unknown> | undefined;
  readonly #drifts: DriftLooks;
  #rules: ReadonlyMap<string, AlertRule> = new Map();
  #hours: RuleHours = new Map();

  constructor(options: MeasurerOptions) {
    this.#options = options;
    this.#drifts = new DriftLooks(options);
  }

  /** Rules have been read again. Those that are others now are measured as new ones. */
  retain({ rules, hours }: Pick<EvaluatorState, "rules" | "hours">): void {
    for (const [id, before] of this.#rules) {
      const now = rules.get(id);
      const look = this.#looks.get(id);
      if (now === undefined || opensOther(before, now)) {
        this.#looks.delete(id);
        this.#noted?.delete(id);
        this.#drifts.forget(id);
      } else if (look !== undefined) this.#looks.set(id, { ...look, nextAt: 0 });
    }
    this.#rules = rules;
    this.#hours = hours;
  }

  /** When the next rule is to be looked at; absent where none is. */
  nextAt(rules: Iterable<AlertRule>): Micros | undefined {
    const times = [...rules].filter(isLookedAt).map(({ id }) => this.#looks.get(id)?.nextAt ?? 0);
    return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b));
  }

  /** Looks at the rules that are due. @returns those that were looked at, and all for which their conditions hold */
  async look(
    rules: Iterable<AlertRule>,
    clock: Micros,
  ): Promise<{ readonly looked: ReadonlySet<string>; readonly openings: readonly Opening[] }> {
    const due = [...rules].filter(
      (rule) => isLookedAt(rule) && (this.#looks.get(rule.id)?.nextAt ?? 0) <= clock,
    );
    if (due.length === 0) return { looked: new Set(), openings: [] };
    const judgement = await this.#options.judge();
    const openings: Opening[] = [];
    for (const rule of due) {
      const look = judgement === undefined ? undefined : await this.#lookAt(rule, judgement, openings);
      // What was measured before is of no use any more.
      this.#looks.set(
        rule.id,
        look ?? { ...this.#looks.get(rule.id), nextAt: clock + measureEvery, results: unknown },
      );
    }
    return { looked: new Set(due.map(({ id }) => id)), openings };
  }

  /** The figures of incidents: of a condition without `measured` where it cannot be said now. */
  async figures(
    incidents: readonly Incident[],
    ruleOf: (incident: Incident) => AlertRule | undefined,
    clock: Micros,
  ): Promise<Figures[]> {
    const counted = incidents.filter(countsFindings);
    const read = await this.#options.reader.alertFigures(
      counted.map((incident) => figureGroupOf(incident, ruleOf(incident), clock)),
    );
    const figures = new Map<Incident, Figures>(counted.map((one, index) => [one, read[index]!]));
    let judgement: Judgement | undefined;
    for (const incident of incidents) {
      if (figures.has(incident)) continue;
      const rule = ruleOf(incident);
      if (rule === undefined || !ruleMatches(rule, incident)) figures.set(incident, noFigures);
      else if (incident.kind === "share") {
        judgement ??= await this.#options.judge();
        figures.set(
          incident,
          judgement === undefined
            ? noFigures
            : await shareFigures(this.#options.reader, rule, incident, judgement.judged),
        );
      } else figures.set(incident, this.#figuresOf(incident, rule));
    }
    return incidents.map((incident) => figures.get(incident)!);
  }

  #figuresOf(incident: Incident, rule: AlertRule): Figures {
    const look = this.#looks.get(rule.id);
    if (look === undefined || look.results === unknown) return noFigures;
    const result = look.results.get(incidentKey(incident));
    // Too few messages pass the hop to say that it takes long.
    if (result === undefined)
      return { ...noFigures, measured: { value: 0, bound: 0, messages: 0, holds: false } };
    const { measured, samples } = result;
    return { ...noFigures, count: measured.messages, samples, measured };
  }

  async #lookAt(rule: AlertRule, judgement: Judgement, openings: Opening[]): Promise<RuleLook | undefined> {
    const { condition, appId } = rule;
    if (appId === undefined) return undefined;
    if (condition?.type === "latency")
      return this.#lookAtLatency({ ...rule, appId }, condition, judgement, openings);
    if (condition?.type === "drift")
      return this.#lookAtDrift({ ...rule, appId }, condition, judgement, openings);
    if (condition?.type === "absence")
      return this.#lookAtAbsence({ ...rule, appId }, condition, judgement, openings);
    return undefined;
  }

  async #lookAtLatency(
    rule: AlertRule & { readonly appId: string },
    condition: LatencyCondition,
    { judged }: Judgement,
    openings: Opening[],
  ): Promise<RuleLook> {
    const { reader } = this.#options;
    const { appId, atLeast } = rule;
    const { percentile, aboveUsual } = condition;
    const window = { since: judged - rule.windowMs * 1_000, until: judged };
    const times = await reader.alertHopTimes({ appId, percentile, windows: [window] });
    const own = times.filter(({ stage, after }) => stage !== "" && isOfHop(rule, { appId, stage, after }));
    const usual =
      aboveUsual === undefined || own.length === 0
        ? []
        : await reader.alertHopTimes({ appId, percentile, windows: usualWindows(window) });
    const results = new Map<string, Result>();
    for (const one of own) {
      const { stage, after, example } = one;
      const before = usual.find((other) => other.stage === stage && other.after === after);
      const measured = measureLatency(condition, one, { atLeast, usual: before });
      if (measured === undefined) continue;
      const hop = { kind: "latency", appId, stage, after, versions: [] } as const;
      results.set(incidentKey({ ...hop, rule: rule.id }), {
        measured,
        samples: example === undefined ? [] : [example],
      });
      if (measured.holds) openings.push({ rule, hop });
    }
    return { nextAt: judged + measureEvery, results };
  }

  async #lookAtAbsence(
    rule: AlertRule & { readonly appId: string },
    { event, forMs }: AbsenceCondition,
    { judged, pausedApps }: Judgement,
    openings: Opening[],
  ): Promise<RuleLook> {
    const { appId, id } = rule;
    const look = this.#looks.get(id);
    const before = look?.wait ?? (await this.#notedLook<Wait>(id)) ?? beginWait(judged);
    const arrivedAt = await this.#options.reader.alertArrivedAt(appId, event);
    const paused = pausedApps.includes(appId);
    const activeBetween = (from: Micros, to: Micros) =>
      this.#hours.get(id)?.activeBetween(from, to) ?? Math.max(0, to - from);
    const now = wait(before, { now: judged, arrivedAt, paused, activeBetween });
    const bound = forMs * 1_000;
    // One that came ends the absence, though it may be so long ago that another one follows.
    const came = now.since !== before.since;
    const holds = !came && now.waited >= bound;
    const measured = { value: now.waited, bound, holds, messages: 0, since: now.since };
    const hop = { kind: "absence", appId, stage: nameOfEvents([event]), after: "", versions: [] } as const;
    if (holds) openings.push({ rule, hop });
    const left = holds ? absentEvery : Math.max(absentEvery / 2, bound - now.waited);
    let { notedAt = 0 } = look ?? {};
    if (judged - notedAt >= noteEvery || came) {
      await this.#options.store.noteAlertLook(id, judged, now);
      notedAt = judged;
    }
    return {
      nextAt: judged + Math.min(measureEvery, left),
      results: new Map([[incidentKey({ ...hop, rule: id }), { measured, samples: [] }]]),
      wait: now,
      notedAt,
    };
  }

  async #lookAtDrift(
    rule: AlertRule & { readonly appId: string },
    { missedShare }: DriftCondition,
    { judged }: Judgement,
    openings: Opening[],
  ): Promise<RuleLook> {
    const { appId, id, atLeast } = rule;
    const noted = await this.#notedLook<DriftLook>(id);
    const look = this.#drifts.look(id, { appId, clock: judged, missedShare }, noted);
    const nextAt = judged + measureEvery;
    // Before the first look nothing is known.
    if (look === undefined) return { nextAt: judged + firstLookEvery, results: unknown };
    const { messages, differences } = look;
    const holds = differences.length > 0 && messages >= atLeast;
    const measured = { value: differences.length, bound: 0, holds, messages, differences };
    const hop = { kind: "drift", appId, stage: "", after: "", versions: [] } as const;
    if (holds) openings.push({ rule, hop });
    return {
      nextAt,
      results: new Map([[incidentKey({ ...hop, rule: id }), { measured, samples: [] }]]),
    };
  }

  async #notedLook<Look>(rule: string): Promise<Look | undefined> {
    this.#noted ??= new Map(
      (await this.#options.reader.alertLooks()).map(({ rule: id, look }) => [id, look]),
    );
    return this.#noted.get(rule) as Look | undefined;
  }
}

/** The results of a look that could not be made. */
const unknown: ReadonlyMap<string, Result> = new Map();

/** Shares are measured where findings are raised, and where an incident is open. */
function isLookedAt({ condition }: AlertRule): boolean {
  return condition !== undefined && condition.type !== "share";
}
