/** Notifications that are published at a message broker: the body is that of a webhook, and the id is the same for every attempt. */
import { type BrokerPublisher, type BrokerTarget, parseBrokerTarget } from "../../core/broker-target.ts";
import { orAborted } from "../../runtime/or-aborted.ts";
import type { Links } from "../links.ts";
import type { Notification } from "../notification.ts";
import { notificationJson } from "../notification-json.ts";
import { checkPort, TargetError, type Targets } from "./target.ts";

/** The message completes "broker …". It reveals nothing of what is behind an address. */
export class BrokerError extends Error {}

export interface BrokerMessageOptions {
  /** Of the sink. */
  readonly id: string;
  readonly url: string;
  readonly webhookId: string;
  readonly links: Links | undefined;
  readonly traceparent: string | undefined;
}

export interface BrokerParts {
  readonly targets: Targets;
  readonly brokers: BrokerPublisher;
}

/**
 * Resolves when the broker has stored it.
 *
 * @throws `TargetError` for an address that must not be called, `BrokerError`, the signal's reason
 */
export async function publishNotification(
  notification: Notification,
  { id, url, webhookId, links, traceparent }: BrokerMessageOptions,
  { targets, brokers }: BrokerParts,
  signal: AbortSignal,
): Promise<void> {
  const target = await orAborted(resolveBroker(url, targets), signal);
  const { incident, type } = notification;
  const message = {
    id: webhookId,
    body: notificationJson(notification, links),
    headers: {
      "content-type": "application/json",
      "mars-type": type,
      ...(traceparent !== undefined && { traceparent }),
    },
    ...(incident !== undefined && { key: String(incident.id) }),
  };
  try {
    await brokers.publish({ ...target, id }, message, signal);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    throw brokerError(thrown);
  }
}

/**
 * The target with the address that was checked in the place of its host. With TLS the name stays: only who has a certificate for it is sent
 * anything.
 *
 * @throws `TargetError`
 */
export async function resolveBroker(text: string, targets: Targets): Promise<BrokerTarget> {
  const parsed = parseBrokerTarget(text);
  if ("problem" in parsed) throw new TargetError(parsed.problem);
  const { target } = parsed;
  const url = new URL(target.url);
  checkPort(url);
  // Its brokers name further ones, which are connected to without a check.
  if (target.engine === "kafka" && !targets.names(url))
    throw new TargetError(
      "must have a host that MARS_ALERT_ALLOW names: a Kafka cluster leads to further hosts",
    );
  const [first] = await targets.resolve(url);
  if (first === undefined || secureSchemes.has(url.protocol) || target.engine === "kafka") return target;
  const { username, password, host } = url;
  const user =
    username === "" && password === "" ? "" : `${username}${password === "" ? "" : `:${password}`}@`;
  const port = /:\d+$/.exec(host)?.[0] ?? "";
  const address = first.family === 6 ? `[${first.address}]` : first.address;
  return { ...target, url: `${url.protocol}//${user}${address}${port}${url.pathname}` };
}

const secureSchemes: ReadonlySet<string> = new Set([
  "tls:",
  "rediss:",
  "amqps:",
  "kafkas:",
  "mqtts:",
  "sqs:",
]);

/** Failures before a connection is open; libraries name them in a text or a code, with the address. */
const unconnected =
  /\b(ECONN\w+|EHOST\w+|ENET\w+|EADDR\w+|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_\w+)\b|connection (?:refused|closed|timeout)|failed to connect|connection to \S+ (?:failed|timed out)/i;

function brokerError(thrown: unknown): BrokerError {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = "code" in error ? String(error.code) : "";
  if (unconnected.test(`${code} ${error.message}`))
    return new BrokerError("could not be connected to", { cause: thrown });
  return new BrokerError(`has not stored it: ${error.message || error.name}`, { cause: thrown });
}
