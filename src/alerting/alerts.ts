/**
 * Alerts: which findings lead to notifications, where these go, and when.
 *
 * The evaluator groups findings into incidents. An incident has a notification when it opens, one from time to time while
 * it is active, and one when it is resolved. The deliverer sends each to every sink of the rule, with as many attempts as
 * it takes. Users change rules, sinks and silences here.
 */

import type { Author } from "../core/audit.ts";
import type { BrokerPublisher } from "../core/broker-target.ts";
import type { Micros } from "../core/event.ts";
import type { Judge } from "../core/judgement.ts";
import type { Log } from "../core/ports.ts";
import type { Spans } from "../core/spans.ts";
import { Timing } from "../core/timing.ts";
import type { FindingReader } from "../lifecycle/finding-query.ts";
import { delay } from "../runtime/delay.ts";
import type { AlertingStats } from "../runtime/stats.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { Wake } from "../runtime/wake.ts";
import { type AlertHub, AlertTopic } from "./alert-topic.ts";
import { Calendars } from "./calendars.ts";
import { type CareChange, care } from "./care.ts";
import type { FindDrift } from "./conditions/drift-looks.ts";
import type { Attempt } from "./delivery.ts";
import { Evaluator } from "./evaluator.ts";
import type { Figures } from "./figures.ts";
import type { IncidentKey, StoredIncident } from "./incident.ts";
import { type IncidentHub, IncidentTopic } from "./incident-topic.ts";
import type { AlertReader, AlertStore, Alerts as AlertsPort, PutSink, TriedSink } from "./ports.ts";
import { createPruning } from "./pruning.ts";
import { refuse, unknownCalendar } from "./refuse.ts";
import type { AlertRule } from "./rule.ts";
import type { AlertSilence } from "./silence.ts";
import type { SinkTarget } from "./sink.ts";
import { retryDelaysMsDefault } from "./sinks/backoff.ts";
import { Deliverer } from "./sinks/deliverer.ts";
import { createMailer } from "./sinks/email.ts";
import { createSender } from "./sinks/sender.ts";
import { SinkChanges } from "./sinks/sink-changes.ts";
import { Targets, type TargetsOptions } from "./sinks/target.ts";

/** Of one attempt: what Standard Webhooks recommends for slow receivers. */
const attemptTimeoutMsDefault = 15_000;
/** The least time between two rounds of the evaluator, and between attempts after a failure, in milliseconds. */
const roundMs = 100;
const retry = { firstMs: 1_000, lastMs: 5_000 };
/** The longest sleep between two rounds. */
const sleepMsMax = 60_000;

export interface AlertsOptions extends Pick<TargetsOptions, "lookUp"> {
  readonly store: AlertStore;
  readonly reader: AlertReader & Pick<FindingReader, "findingHistory">;
  /** See `Targets`. */
  readonly allow: readonly string[];
  /** Absent where there is no e-mail. */
  readonly smtp?: { readonly url: string; readonly from: string };
  /** What sinks of type `broker` publish by. `stop` closes it. */
  readonly brokers: BrokerPublisher;
  /** Between the attempts of one delivery. */
  readonly retryDelaysMs?: readonly number[];
  readonly attemptTimeoutMs?: number;
  /** The hub of the topics of alerts. */
  readonly topic: AlertHub;
  /** The hub of the topics of incidents. */
  readonly incidents: IncidentHub;
  readonly version: string;
  /** Where people find Mars (`MARS_PUBLIC_URL`), for links; empty for none. */
  readonly publicUrl?: string;
  /** See `Clock`: old notifications are deleted by the trusted time, all else goes by the judged one. */
  readonly clock: { readonly trusted: Micros; readonly judged: Micros };
  readonly judge: Judge;
  readonly drift: FindDrift;
  readonly spans?: Spans | undefined;
  readonly supervisor: Supervisor;
  readonly log: Log;
}

export class Alerts implements AlertsPort {
  readonly #options: AlertsOptions;
  readonly #abort = new AbortController();
  readonly #sinks: SinkChanges;
  readonly #topic: AlertTopic;
  readonly #incidents: IncidentTopic;
  readonly #evaluator: Evaluator;
  readonly #deliverer: Deliverer;
  readonly #evaluations = new Timing();
  readonly #wake = new Wake();
  #running: Promise<unknown> = Promise.resolve();
  /** Rules change between two steps of the evaluator, and not within one. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Seq of the last published change of a finding; `undefined` before the first. */
  #findingSeq: number | undefined;
  readonly calendars: Calendars;

  constructor(options: AlertsOptions) {
    const { allow, smtp, version, publicUrl = "" } = options;
    const { attemptTimeoutMs: timeoutMs = attemptTimeoutMsDefault } = options;
    this.#options = options;
    const targets = new Targets(allow, options);
    this.calendars = new Calendars({ ...options, change: (change) => this.#change(change) });
    const mailer = smtp && createMailer({ ...smtp, timeoutMs });
    this.#topic = new AlertTopic({ ...options, hub: options.topic, publicUrl });
    const parts = { targets, topic: this.#topic, brokers: options.brokers, mailer };
    const send = createSender({ ...parts, timeoutMs, version, publicUrl });
    this.#incidents = new IncidentTopic({
      ...options,
      hub: options.incidents,
      signal: this.#abort.signal,
    });
    this.#evaluator = new Evaluator({
      ...options,
      store: {
        commitAlerts: async (step) => this.#incidents.changed(await options.store.commitAlerts(step)),
        noteAlertLook: (...args) => options.store.noteAlertLook(...args),
      },
      findings: options.reader,
      now: () => options.clock.judged,
    });
    this.#deliverer = new Deliverer({
      ...options,
      send,
      retryDelaysMs: options.retryDelaysMs ?? retryDelaysMsDefault,
      signal: this.#abort.signal,
    });
    this.#sinks = new SinkChanges({
      ...options,
      ...{ targets, send, email: smtp !== undefined, signal: this.#abort.signal },
      deliverer: this.#deliverer,
      change: (change) => this.#change(change),
    });
  }

  measured(incident: IncidentKey): Figures | undefined {
    return this.#evaluator.measured(incident);
  }

  get stats(): AlertingStats {
    return {
      findings_skipped: this.#evaluator.skipped,
      evaluations: this.#evaluations.stats,
      ...this.#deliverer.stats,
    };
  }

  start(): void {
    this.#running = Promise.all([this.#evaluate(), this.#deliver(), this.#incidents.run()]);
  }

  /** Deliveries to topics begin where the ones before have ended. */
  async #deliver(): Promise<void> {
    await this.#topic.start(this.#options.supervisor, this.#abort.signal);
    await this.#deliverer.run();
  }

  /** Aborts attempts under way, which the next start makes again, and ends the loops. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    await this.#options.brokers.close();
  }

  /** Findings have changed up to here. Only wakes the loop. */
  changed(findingSeq: number): void {
    this.#findingSeq = findingSeq;
    this.#wake.ring();
  }

  async putRule(rule: AlertRule, by: Author): Promise<void> {
    await this.#change(async () => {
      const known = new Set((await this.#options.reader.alertSinks()).map(({ id }) => id));
      const problems = rule.sinks
        .map((sink, index) => ({ sink, field: `sinks[${index}]` }))
        .filter(({ sink }) => !known.has(sink))
        .map(({ sink, field }) => ({ field, message: `must be an existing sink, is ${sink}` }));
      refuse(problems);
      if (rule.schedule?.calendar !== undefined) {
        refuse(unknownCalendar(rule, await this.#options.reader.alertCalendars(), "schedule.calendar"));
      }
      await this.#options.store.putAlertRule(rule, by, this.#options.clock.judged);
    });
  }

  deleteRule(id: string, by: Author): Promise<boolean> {
    return this.#change(() => this.#options.store.deleteAlertRule(id, by));
  }

  putSink(id: string, target: SinkTarget, by: Author, overlapMs?: number): Promise<PutSink> {
    return this.#sinks.put(id, target, by, overlapMs);
  }

  trySink(id: string, target: SinkTarget): Promise<TriedSink> {
    return this.#sinks.try(id, target);
  }

  deleteSink(id: string, by: Author): Promise<boolean> {
    return this.#sinks.delete(id, by);
  }

  testSink(id: string, by: Author): Promise<Attempt | undefined> {
    return this.#sinks.test(id, by);
  }

  care(id: number, change: CareChange, by: Author): Promise<StoredIncident | undefined> {
    return this.#change(async () => {
      const caredFor = await care(id, change, {
        ...this.#options,
        measured: (incident) => this.measured(incident),
        by,
      });
      this.#incidents.changed(caredFor?.seq ?? 0);
      return caredFor;
    });
  }

  redeliver(id: number, force: boolean, by: Author): Promise<boolean> {
    return this.#change(() => this.#options.store.redeliver(id, force, by));
  }

  async addSilence(silence: Omit<AlertSilence, "id">, by: Author): Promise<AlertSilence> {
    const id = await this.#change(() => this.#options.store.addAlertSilence(silence, by));
    this.#incidents.changed(0);
    return { ...silence, id };
  }

  deleteSilence(id: number, by: Author): Promise<boolean> {
    return this.#change(async () => {
      const deleted = await this.#options.store.deleteAlertSilence(id, by);
      this.#incidents.changed(0);
      return deleted;
    });
  }

  /**
   * Takes the id of an erased message out of incidents and notifications; without an id those of all messages of the app that are
   * gone. The evaluator forgets what it has in memory.
   */
  redact(appId: string, messageId?: string): Promise<void> {
    return this.#change(() => this.#options.store.redactAlerts(appId, messageId));
  }

  /** The settings have changed by another way than these calls. */
  settingsChanged(): void {
    this.#evaluator.forget();
    this.#incidents.changed(0);
    this.#wake.ring();
    this.#deliverer.nudge();
  }

  /** A change of the settings, between two steps of the evaluator. */
  #change<T>(change: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      try {
        return await change();
      } finally {
        this.#evaluator.forget();
        this.#wake.ring();
        this.#deliverer.nudge();
      }
    });
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(call);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #evaluate(): Promise<void> {
    const { signal } = this.#abort;
    const loop = this.#options.supervisor.loop("alerts", retry);
    const prune = createPruning({ ...this.#options, retry });
    while (!signal.aborted) {
      let sleepMs = sleepMsMax;
      try {
        const seq = this.#findingSeq;
        if (seq !== undefined) {
          const step = () => this.#evaluations.during(() => this.#evaluator.step(seq));
          const { nextAt, notified } = await this.#inTurn(step);
          if (notified) this.#deliverer.nudge();
          if (nextAt !== undefined)
            sleepMs = Math.min(sleepMs, Math.ceil((nextAt - this.#options.clock.judged) / 1_000));
        }
        loop.succeeded();
      } catch (thrown) {
        // Perhaps only the answer was lost, and there is a delivery, or an incident that has changed.
        this.#deliverer.nudge();
        this.#incidents.changed(0);
        await delay(loop.failed(thrown), signal);
        continue;
      }
      sleepMs = (await prune()) ?? sleepMs;
      await delay(roundMs, signal);
      await this.#wake.sleep(sleepMs - roundMs, signal);
    }
  }
}
