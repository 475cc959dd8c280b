/** One attempt to send a notification to a sink of any type. It never rejects: a failure is part of the answer. */
import type { BrokerPublisher } from "../../core/broker-target.ts";
import { nowMicros } from "../../core/time.ts";
import { orAborted } from "../../runtime/or-aborted.ts";
import type { AlertTopic } from "../alert-topic.ts";
import type { Attempt } from "../delivery.ts";
import { linksOf } from "../links.ts";
import type { Notification } from "../notification.ts";
import type { AlertSink } from "../sink.ts";
import { parseRetryAfter } from "./backoff.ts";
import { BrokerError, publishNotification } from "./broker.ts";
import type { Mailer } from "./email.ts";
import { PostError, post } from "./http-post.ts";
import { redact, secretsOf } from "./redact.ts";
import { isFinal, requestTo } from "./request.ts";
import { TargetError, type Targets } from "./target.ts";

const errorCharsMax = 500;

export interface Sent {
  readonly attempt: Attempt;
  /** From the answer's `Retry-After`. */
  readonly retryAfterMs?: number;
  /** No further attempt would succeed. */
  readonly final: boolean;
}

export interface Outgoing {
  /** Of the delivery; absent for a test. */
  readonly id?: number;
  readonly sink: AlertSink;
  readonly webhookId: string;
  readonly notification: Notification;
  /** Names this Mars, see `incidentAlias`; absent for a test. */
  readonly origin?: string;
  /** Of the span of this attempt, where that is sent. */
  readonly traceparent?: string | undefined;
}

export type Sender = (outgoing: Outgoing, signal: AbortSignal) => Promise<Sent>;

export interface SenderOptions {
  readonly targets: Targets;
  /** Where sinks of type `topic` lead. */
  readonly topic: Pick<AlertTopic, "publish" | "announce">;
  /** Where sinks of type `broker` lead. */
  readonly brokers: BrokerPublisher;
  /** Absent where no SMTP server is configured. */
  readonly mailer: Mailer | undefined;
  /** Of one attempt, from looking up the name to the end of the answer. */
  readonly timeoutMs: number;
  /** Mars' version, for `user-agent`. */
  readonly version: string;
  /** The origin of links; empty or absent where it is not known, and there are none. */
  readonly publicUrl?: string;
}

export function createSender({
  targets,
  topic,
  brokers,
  mailer,
  timeoutMs,
  version,
  publicUrl = "",
}: SenderOptions): Sender {
  async function send(
    { id, sink, webhookId, notification, origin = "", traceparent }: Outgoing,
    signal: AbortSignal,
  ): Promise<Outcome> {
    if (sink.type === "topic") {
      if (id === undefined) topic.announce(notification);
      else await orAborted(topic.publish(id), signal);
      return { status: 0, response: "", failure: "" };
    }
    const { incident } = notification;
    const links =
      incident === undefined || publicUrl === ""
        ? undefined
        : linksOf(publicUrl, incident, incident.figures.samples);
    if (sink.type === "email") {
      if (mailer === undefined) throw new Error("no SMTP server is configured: MARS_SMTP_URL is not set");
      // A mail that is under way cannot be aborted; its own timeouts end it.
      const { response } = await orAborted(
        mailer.send(notification, { to: sink.to, webhookId, links }),
        signal,
      );
      return { status: smtpCode(response), response, failure: "" };
    }
    if (sink.type === "broker") {
      const options = { id: sink.id, url: sink.url, webhookId, links, traceparent };
      await publishNotification(notification, options, { targets, brokers }, signal);
      return { status: 0, response: "", failure: "" };
    }
    const request = requestTo(sink, notification, { webhookId, origin, links });
    const trace = traceparent === undefined ? {} : { traceparent };
    const headers = { ...trace, ...request.headers, "user-agent": `Mars/${version}` };
    const { status, body, retryAfter } = await post(targets, { ...request, headers }, signal);
    const retryAfterMs = parseRetryAfter(retryAfter, Date.now());
    return {
      status,
      response: body,
      failure: status >= 200 && status < 300 ? "" : `answered ${status}`,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  }

  return async (outgoing, signal) => {
    const at = nowMicros();
    const start = performance.now();
    const timeout = AbortSignal.timeout(timeoutMs);
    let outcome: Outcome;
    try {
      outcome = await send(outgoing, AbortSignal.any([signal, timeout]));
    } catch (thrown) {
      const failure = timeout.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(thrown);
      outcome = { status: statusOf(thrown), response: "", failure };
    }
    const { status, response, failure, retryAfterMs } = outcome;
    const secrets = [...secretsOf(outgoing.sink), ...(mailer?.secrets ?? [])];
    return {
      attempt: {
        at,
        durationMs: Math.round(performance.now() - start),
        outcome: failure === "" ? "delivered" : "failed",
        status,
        error: redact(failure, secrets).slice(0, errorCharsMax).toWellFormed(),
        response: storable(redact(response, secrets)),
      },
      final: isFinal(outgoing.sink, status),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  };
}

interface Outcome {
  readonly status: number;
  readonly response: string;
  /** Empty where it was delivered. */
  readonly failure: string;
  readonly retryAfterMs?: number;
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof TargetError) return `url ${thrown.message}`;
  if (thrown instanceof BrokerError) return `broker ${thrown.message}`;
  if (thrown instanceof PostError) return `receiver ${thrown.message}`;
  if (!(thrown instanceof Error)) return String(thrown);
  // A mail server's own text is kept. Texts of the system are not: they name its address.
  const unanswered = "command" in thrown && statusOf(thrown) === 0;
  if (unanswered)
    return `mail server could not be used: ${"code" in thrown ? String(thrown.code) : thrown.name}`;
  return thrown.message || thrown.name;
}

/** A mail server's code where it refused. */
function statusOf(thrown: unknown): number {
  const code = thrown instanceof Error && "responseCode" in thrown ? thrown.responseCode : 0;
  return typeof code === "number" ? code : 0;
}

function smtpCode(response: string): number {
  return Number(/^\d{3}/.exec(response)?.[0] ?? 0);
}

/** A database's text ends at a NUL. */
function storable(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}
