/** How a Kafka cluster is reached: by consumers, and by what publishes to it. */
import { isIP } from "node:net";
import { type BaseOptions, Connection, instancesChannel, type SASLMechanismValue } from "@platformatic/kafka";
import type { BrokerCollector } from "../../core/broker-collector.ts";
import { type TlsMembers, tlsTexts } from "../tls-texts.ts";

const portDefault = "9092";
const connectMs = 5_000;
const requestMs = 10_000;
/** New partitions and leaders are seen after so long. */
const metadataMs = 5_000;

/**
 * A connection of the library may fail twice: a socket that is lost while it proves once more who it is. The pools of connections listen
 * for the first failure only, and another would end the process. What is under way is rejected all the same.
 */
instancesChannel.subscribe((made) => {
  const { instance } = made as { readonly instance?: unknown };
  if (instance instanceof Connection) instance.on("error", () => undefined);
});

export type KafkaPlace = Pick<BrokerCollector, "id" | "url" | "source"> & TlsMembers;

/**
 * `kafkas://user:password@host:9093`, and in `source.brokers` further brokers to ask for the cluster as `host:port,…`. TLS by the
 * scheme or by certificates; SASL where there is a user, `plain` unless `source.sasl` has another mechanism. A failure is reported after one
 * more try: who calls waits and tries again.
 */
export function kafkaOptions({ id, url, source, ...members }: KafkaPlace): BaseOptions {
  const { protocol, hostname, port, username, password } = new URL(url);
  const others = (source.brokers ?? "").split(",").filter((broker) => broker !== "");
  const brokers = [`${hostname}:${port}`, ...others].map(brokerOf);
  const mechanism = (source.sasl ?? "plain").toUpperCase() as SASLMechanismValue;
  const tls = tlsTexts(members, protocol === "kafkas:");
  return {
    clientId: `mars-${id}`,
    bootstrapBrokers: brokers,
    connectTimeout: connectMs,
    requestTimeout: requestMs,
    timeout: requestMs,
    retries: 1,
    retryDelay: 250,
    metadataMaxAge: metadataMs,
    autocreateTopics: false,
    ...(tls && { tls }),
    ...(tls && isIP(brokers[0]?.host ?? "") === 0 && { tlsServerName: true }),
    ...(username !== "" && {
      sasl: { mechanism, username: decodeURIComponent(username), password: decodeURIComponent(password) },
    }),
  };
}

/** `[::1]:9092` too. */
function brokerOf(place: string) {
  const [, host = "", port = ""] = /^(.*?)(?::(\d*))?$/.exec(place) ?? [];
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port || portDefault) };
}

/** The most useful line of a failure: the library's own is a list of what it has tried. */
export function kafkaFailure(thrown: unknown): Error {
  let error = thrown;
  for (let depth = 0; depth < 8; depth++) {
    const inner: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
    const cause = inner ?? (error instanceof Error && !("apiId" in error) ? error.cause : undefined);
    if (!(cause instanceof Error)) break;
    error = cause;
  }
  if (!(error instanceof Error)) return new Error(String(error));
  const { apiId } = error as { readonly apiId?: string };
  return new Error(apiId === undefined ? error.message : `${apiId}: ${error.message}`, { cause: thrown });
}
