/** What users change of sinks: each is checked before it is stored, and can be tested. */

import type { Author } from "../../core/audit.ts";
import { MarsError } from "../../core/error.ts";
import { nowMicros } from "../../core/time.ts";
import { orAborted } from "../../runtime/or-aborted.ts";
import type { Attempt } from "../delivery.ts";
import type { Notification } from "../notification.ts";
import type { AlertReader, AlertStore, PutSink, TriedSink } from "../ports.ts";
import { refuse } from "../refuse.ts";
import { isPager, overlapMsDefault, type SinkTarget } from "../sink.ts";
import { resolveBroker } from "./broker.ts";
import type { Deliverer } from "./deliverer.ts";
import { hidden, withKept } from "./hidden.ts";
import { rotated } from "./rotation.ts";
import type { Sender } from "./sender.ts";
import { parseTarget, TargetError, type Targets } from "./target.ts";
import { templateProblem } from "./template.ts";
import { makeSecret, makeWebhookId, secretProblem } from "./webhook.ts";

/** To look up the host of a sink that is put: changes of other clients wait for it. */
const lookUpTimeoutMs = 5_000;
/** Tests under way at one time. */
const testsMax = 8;

export interface SinkChangesOptions {
  readonly store: Pick<AlertStore, "putAlertSink" | "deleteAlertSink" | "recordTest">;
  readonly reader: Pick<AlertReader, "alertSinks" | "alertRules">;
  readonly targets: Targets;
  readonly send: Sender;
  readonly deliverer: Pick<Deliverer, "exclusively">;
  /** Whether an SMTP server is configured. */
  readonly email: boolean;
  /** Runs a change between two steps of the evaluator. */
  readonly change: <T>(change: () => Promise<T>) => Promise<T>;
  readonly signal: AbortSignal;
}

export class SinkChanges {
  readonly #options: SinkChangesOptions;
  #tests = 0;

  constructor(options: SinkChangesOptions) {
    this.#options = options;
  }

  /** See `Alerts` of `ports.ts` for all of these. */
  async put(id: string, target: SinkTarget, by: Author, overlapMs = overlapMsDefault): Promise<PutSink> {
    await this.#check(target);
    const { store, reader, deliverer, change } = this.#options;
    return change(async () => {
      const before = (await reader.alertSinks()).find((sink) => sink.id === id);
      const { kept, problems } = withKept(target, before);
      refuse(problems);
      const madeSecret = kept.type === "webhook" && kept.secret === undefined ? makeSecret() : undefined;
      const made = madeSecret !== undefined && { secret: madeSecret };
      const now = nowMicros();
      const sink = { ...rotated({ ...kept, ...made }, before, { now, overlapMs }), id };
      // What is under way to a receiver that it leads to no more must be on record before it is decided what that one still gets.
      await deliverer.exclusively(id, () => store.putAlertSink(sink, by));
      return { sink, ...(madeSecret !== undefined && { madeSecret }) };
    });
  }

  async try(id: string, target: SinkTarget): Promise<TriedSink> {
    await this.#check(target);
    const before = (await this.#options.reader.alertSinks()).find((sink) => sink.id === id);
    const { kept, problems } = withKept(target, before);
    refuse(problems);
    return { sink: { ...kept, id }, before };
  }

  delete(id: string, by: Author): Promise<boolean> {
    const { store, reader, deliverer, change } = this.#options;
    return change(async () => {
      const rules = (await reader.alertRules()).filter(({ sinks }) => sinks.includes(id));
      const names = rules.map((rule) => rule.id).join(", ");
      if (rules.length > 0) refuse([{ field: "id", message: `must be named by no rule, is by ${names}` }]);
      return deliverer.exclusively(id, () => store.deleteAlertSink(id, by));
    });
  }

  async test(id: string, by: Author): Promise<Attempt | undefined> {
    const { store, reader, send, signal } = this.#options;
    const sink = (await reader.alertSinks()).find((known) => known.id === id);
    if (sink === undefined) return undefined;
    if (this.#tests >= testsMax) {
      throw new MarsError("overloaded", `at most ${testsMax} tests at one time`, { retryAfterMs: 1_000 });
    }
    this.#tests += 1;
    try {
      const at = nowMicros();
      const notification: Notification = { type: "test", at, text: `This is a test of the sink ${id}.` };
      const webhookId = makeWebhookId();
      const { attempt } = await send({ sink, webhookId, notification }, signal);
      const state = attempt.outcome;
      await store.recordTest({ sink: id, state, webhookId, notification, createdAt: at }, attempt, by);
      return attempt;
    } finally {
      this.#tests -= 1;
    }
  }

  /** @throws `MarsError("invalid_argument")` */
  async #check(target: SinkTarget): Promise<void> {
    const { email, targets } = this.#options;
    if (target.type === "email") {
      const message = "must not be email: no SMTP server is configured (MARS_SMTP_URL)";
      if (!email) refuse([{ field: "type", message }]);
      return;
    }
    if (target.type === "topic") return;
    const given = target.type === "webhook" && target.secret !== hidden ? target.secret : undefined;
    const problem = given === undefined ? undefined : secretProblem(given);
    if (problem !== undefined) refuse([{ field: "secret", message: problem }]);
    if (target.type === "webhook" && target.template !== undefined) {
      const fault = templateProblem(target.template, target.contentType ?? "application/json");
      if (fault !== undefined) refuse([{ field: "template", message: fault }]);
    }
    if (isPager(target) && /[?#]/.test(target.url))
      refuse([{ field: "url", message: "must have no query: the key is a member of its own" }]);
    const timeout = AbortSignal.timeout(lookUpTimeoutMs);
    try {
      const found =
        target.type === "broker"
          ? resolveBroker(target.url, targets)
          : targets.resolve(parseTarget(target.url));
      await orAborted<unknown>(found, timeout);
    } catch (thrown) {
      if (timeout.aborted) {
        refuse([{ field: "url", message: `must name a host that is found within ${lookUpTimeoutMs} ms` }]);
      }
      if (!(thrown instanceof TargetError)) throw thrown;
      refuse([{ field: "url", message: thrown.message }]);
    }
  }
}
