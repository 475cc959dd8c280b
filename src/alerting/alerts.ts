/**
 * Alerts: which findings lead to notifications, where these go, and when.
 *
 * The evaluator groups findings into incidents. An incident has a notification when it opens, one from time to time while
 * it is active, and one when it is resolved. The deliverer sends each to every sink of the rule, with as many attempts as
 * it takes. Users change rules, sinks and silences here.
 */

import type { Author } from "../core/audit.ts";
import { MarsError } from "../core/error.ts";
import type { Micros } from "../core/event.ts";
import type { Judge } from "../core/judgement.ts";
import type { Log } from "../core/ports.ts";
import { nowMicros } from "../core/time.ts";
import type { FindingReader } from "../lifecycle/finding-query.ts";
import { delay } from "../runtime/delay.ts";
import { orAborted } from "../runtime/or-aborted.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { Wake } from "../runtime/wake.ts";
import type { Attempt } from "./delivery.ts";
import { Evaluator } from "./evaluator.ts";
import type { Figures } from "./figures.ts";
import type { IncidentKey } from "./incident.ts";
import type { Notification } from "./notification.ts";
import type { AlertReader, AlertStore, Alerts as AlertsPort, PutSink } from "./ports.ts";
import { refuse } from "./refuse.ts";
import type { AlertRule } from "./rule.ts";
import type { AlertSilence } from "./silence.ts";
import { isPager, type SinkTarget } from "./sink.ts";
import { retryDelaysMsDefault } from "./sinks/backoff.ts";
import { Deliverer } from "./sinks/deliverer.ts";
import { createMailer } from "./sinks/email.ts";
import { hidden, withKept } from "./sinks/hidden.ts";
import { createSender, type Sender } from "./sinks/sender.ts";
import { parseTarget, TargetError, Targets, type TargetsOptions } from "./sinks/target.ts";
import { makeSecret, makeWebhookId, secretProblem } from "./sinks/webhook.ts";

/** Of one attempt: what Standard Webhooks recommends for slow receivers. */
const attemptTimeoutMsDefault = 15_000;
/** To look up the host of a sink that is put: changes of other clients wait for it. */
const lookUpTimeoutMs = 5_000;
/** The least time between two rounds of the evaluator, and between attempts after a failure, in milliseconds. */
const roundMs = 100;
const retry = { firstMs: 1_000, lastMs: 5_000 };
/** The longest sleep between two rounds. */
const sleepMsMax = 60_000;
/** How long notifications are kept, and the interval between deletions. */
const keepFor = 30 * 86_400_000_000;
const pruneEveryMs = 600_000;
const testsMax = 8;

export interface AlertsOptions extends Pick<TargetsOptions, "lookUp"> {
  readonly store: AlertStore;
  readonly reader: AlertReader & Pick<FindingReader, "findingHistory">;
  /** See `Targets`. */
  readonly allow: readonly string[];
  /** Absent where there is no e-mail. */
  readonly smtp?: { readonly url: string; readonly from: string };
  /** Between the attempts of one delivery. */
  readonly retryDelaysMs?: readonly number[];
  readonly attemptTimeoutMs?: number;
  readonly version: string;
  /** Where people find Mars (`MARS_PUBLIC_URL`), for links; empty for none. */
  readonly publicUrl?: string;
  /** See `Clock`: old notifications are deleted by the trusted time, all else goes by the judged one. */
  readonly clock: { readonly trusted: Micros; readonly judged: Micros };
  readonly judge: Judge;
  readonly supervisor: Supervisor;
  readonly log: Log;
}

export class Alerts implements AlertsPort {
  readonly #options: AlertsOptions;
  readonly #abort = new AbortController();
  readonly #targets: Targets;
  readonly #send: Sender;
  readonly #evaluator: Evaluator;
  readonly #deliverer: Deliverer;
  readonly #wake = new Wake();
  #running: Promise<unknown> = Promise.resolve();
  /** Rules change between two steps of the evaluator, and not within one. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Seq of the last published change of a finding; `undefined` before the first. */
  #findingSeq: number | undefined;
  #tests = 0;

  constructor(options: AlertsOptions) {
    const { allow, smtp, version, publicUrl = "" } = options;
    const { attemptTimeoutMs: timeoutMs = attemptTimeoutMsDefault } = options;
    this.#options = options;
    this.#targets = new Targets(allow, options);
    const mailer = smtp && createMailer({ ...smtp, timeoutMs });
    this.#send = createSender({ targets: this.#targets, mailer, timeoutMs, version, publicUrl });
    this.#evaluator = new Evaluator({
      ...options,
      findings: options.reader,
      now: () => options.clock.judged,
    });
    this.#deliverer = new Deliverer({
      ...options,
      send: this.#send,
      retryDelaysMs: options.retryDelaysMs ?? retryDelaysMsDefault,
      signal: this.#abort.signal,
    });
  }

  measured(incident: IncidentKey): Figures | undefined {
    return this.#evaluator.measured(incident);
  }

  /** Changes of findings that could not be read and were skipped, since the start. */
  get findingsSkipped(): number {
    return this.#evaluator.skipped;
  }

  start(): void {
    this.#running = Promise.all([this.#evaluate(), this.#deliverer.run()]);
  }

  /** Aborts attempts under way, which the next start makes again, and ends the loops. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
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
      await this.#options.store.putAlertRule(rule, by, this.#options.clock.judged);
    });
  }

  deleteRule(id: string, by: Author): Promise<boolean> {
    return this.#change(() => this.#options.store.deleteAlertRule(id, by));
  }

  async putSink(id: string, target: SinkTarget, by: Author): Promise<PutSink> {
    await this.#check(target);
    return this.#change(async () => {
      const before = (await this.#options.reader.alertSinks()).find((sink) => sink.id === id);
      const { kept, problems } = withKept(target, before);
      refuse(problems);
      const madeSecret = kept.type === "webhook" && kept.secret === undefined ? makeSecret() : undefined;
      const made = madeSecret !== undefined && { secret: madeSecret };
      const sink = { ...kept, ...made, id };
      // What is under way to a receiver that it leads to no more must be on record before it is decided what that one still gets.
      await this.#deliverer.exclusively(id, () => this.#options.store.putAlertSink(sink, by));
      return { sink, ...(madeSecret !== undefined && { madeSecret }) };
    });
  }

  deleteSink(id: string, by: Author): Promise<boolean> {
    return this.#change(async () => {
      const rules = (await this.#options.reader.alertRules()).filter(({ sinks }) => sinks.includes(id));
      if (rules.length > 0) {
        refuse([
          {
            field: "id",
            message: `must be named by no rule, is by ${rules.map((rule) => rule.id).join(", ")}`,
          },
        ]);
      }
      return this.#deliverer.exclusively(id, () => this.#options.store.deleteAlertSink(id, by));
    });
  }

  async testSink(id: string, by: Author): Promise<Attempt | undefined> {
    const sink = (await this.#options.reader.alertSinks()).find((known) => known.id === id);
    if (sink === undefined) return undefined;
    if (this.#tests >= testsMax) {
      throw new MarsError("overloaded", `at most ${testsMax} tests at one time`, { retryAfterMs: 1_000 });
    }
    this.#tests += 1;
    try {
      const at = nowMicros();
      const notification: Notification = { type: "test", at, text: `This is a test of the sink ${id}.` };
      const webhookId = makeWebhookId();
      const { attempt } = await this.#send({ sink, webhookId, notification }, this.#abort.signal);
      const state = attempt.outcome;
      await this.#options.store.recordTest(
        { sink: id, state, webhookId, notification, createdAt: at },
        attempt,
        by,
      );
      return attempt;
    } finally {
      this.#tests -= 1;
    }
  }

  async addSilence(silence: Omit<AlertSilence, "id">, by: Author): Promise<AlertSilence> {
    const id = await this.#change(() => this.#options.store.addAlertSilence(silence, by));
    return { ...silence, id };
  }

  deleteSilence(id: number, by: Author): Promise<boolean> {
    return this.#change(() => this.#options.store.deleteAlertSilence(id, by));
  }

  /**
   * Takes the id of an erased message out of incidents and notifications; without an id those of all messages of the app that are
   * gone. The evaluator forgets what it has in memory.
   */
  redact(appId: string, messageId?: string): Promise<void> {
    return this.#change(() => this.#options.store.redactAlerts(appId, messageId));
  }

  /** @throws `MarsError("invalid_argument")` */
  async #check(target: SinkTarget): Promise<void> {
    if (target.type === "email") {
      if (this.#options.smtp === undefined) {
        refuse([
          { field: "type", message: "must not be email: no SMTP server is configured (MARS_SMTP_URL)" },
        ]);
      }
      return;
    }
    const given = target.type === "webhook" && target.secret !== hidden ? target.secret : undefined;
    const problem = given === undefined ? undefined : secretProblem(given);
    if (problem !== undefined) refuse([{ field: "secret", message: problem }]);
    if (isPager(target) && /[?#]/.test(target.url))
      refuse([{ field: "url", message: "must have no query: the key is a member of its own" }]);
    const timeout = AbortSignal.timeout(lookUpTimeoutMs);
    try {
      await orAborted(this.#targets.resolve(parseTarget(target.url)), timeout);
    } catch (thrown) {
      if (timeout.aborted) {
        refuse([{ field: "url", message: `must name a host that is found within ${lookUpTimeoutMs} ms` }]);
      }
      if (!(thrown instanceof TargetError)) throw thrown;
      refuse([{ field: "url", message: thrown.message }]);
    }
  }

  /** A change of the settings, between two steps of the evaluator. */
  #change<T>(change: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      try {
        return await change();
      } finally {
        this.#evaluator.forget();
        this.#wake.ring();
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
    const pruning = this.#options.supervisor.loop("alerts_retention", retry);
    let prunedAt = performance.now();
    while (!signal.aborted) {
      let sleepMs = sleepMsMax;
      try {
        const seq = this.#findingSeq;
        if (seq !== undefined) {
          const { nextAt, notified } = await this.#inTurn(() => this.#evaluator.step(seq));
          if (notified) this.#deliverer.nudge();
          if (nextAt !== undefined)
            sleepMs = Math.min(sleepMs, Math.ceil((nextAt - this.#options.clock.judged) / 1_000));
        }
        loop.succeeded();
      } catch (thrown) {
        // Perhaps only the answer was lost, and there is a delivery.
        this.#deliverer.nudge();
        await delay(loop.failed(thrown), signal);
        continue;
      }
      if (performance.now() - prunedAt >= pruneEveryMs) {
        try {
          const more = await this.#options.store.pruneAlerts(this.#options.clock.trusted - keepFor);
          if (more) sleepMs = roundMs;
          else prunedAt = performance.now();
          pruning.succeeded();
        } catch (thrown) {
          sleepMs = pruning.failed(thrown);
        }
      }
      await delay(roundMs, signal);
      await this.#wake.sleep(sleepMs - roundMs, signal);
    }
  }
}
