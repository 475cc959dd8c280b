/** Where at a message broker something is published: `nats://user:password@host:4222?subject=alerts`. Pure. */
import { urlText } from "./broker-collector.ts";
import { type Engine, engineMembers, engineOf, engines } from "./broker-engine.ts";
import { textProblem } from "./validate.ts";

const nameBytesMax = 255;
const urlBytesMax = 2_048;

interface TargetMembers {
  /** Exactly one of them is there, where there are some. */
  readonly oneOf: readonly string[];
  readonly optional: readonly string[];
  readonly choices?: Readonly<Record<string, readonly string[]>>;
}

/** Members of the query, by engine. The path of a queue of SQS is in its URL. */
const targetMembers = {
  nats: { oneOf: ["subject"], optional: [] },
  redis: { oneOf: ["stream"], optional: [] },
  rabbitmq: { oneOf: ["queue", "exchange"], optional: ["routing_key"] },
  mqtt: { oneOf: ["topic"], optional: [] },
  sqs: { oneOf: [], optional: ["region"] },
  kafka: { oneOf: ["topic"], optional: ["sasl"], choices: { sasl: engineMembers.kafka.choices.sasl } },
} as const satisfies Readonly<Record<Engine, TargetMembers>>;

export interface BrokerTarget {
  readonly engine: Engine;
  /** With user and password, and without a query. */
  readonly url: string;
  /** `subject`; `stream`; `topic`, of Kafka with `sasl`; `queue`, or `exchange` with `routing_key`; `region`. */
  readonly members: Readonly<Record<string, string>>;
}

/** A connection of one owner to one target. */
export interface BrokerPlace extends BrokerTarget {
  /** Names the connection at the broker, and keeps it apart from those of others: the id of a sink. */
  readonly id: string;
}

/** What is published. */
export interface BrokerNotification {
  /** The same in each attempt: receivers drop a repeat by it. */
  readonly id: string;
  readonly body: string;
  /** Printable ASCII. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of Kafka and of FIFO queues of SQS: what has the same one stays in order. */
  readonly key?: string;
}

/** Publishes to message brokers, over connections that it keeps for a while. */
export interface BrokerPublisher {
  /** Resolves when the broker has stored it. Rejects where it is away, refuses it, or the signal aborts. */
  publish(place: BrokerPlace, message: BrokerNotification, signal: AbortSignal): Promise<void>;
  /** Closes all connections. Nothing is published from then on. */
  close(): Promise<void>;
}

/** Reads the URL of a target. The problem completes "url …". */
export function parseBrokerTarget(
  text: string,
): { readonly target: BrokerTarget } | { readonly problem: string } {
  if (Buffer.byteLength(text) > urlBytesMax) return { problem: `must be at most ${urlBytesMax} bytes` };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const engine = url && engineOf(url.protocol.slice(0, -1));
  if (url === undefined || url.host === "" || engine === undefined) return { problem: schemesProblem };
  const { oneOf, optional, choices = {} }: TargetMembers = targetMembers[engine];
  const members: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    const problem =
      !oneOf.includes(name) && !optional.includes(name)
        ? `must not have ${name} in its query: it may have ${[...oneOf, ...optional].join(", ")}`
        : members[name] !== undefined
          ? `must have ${name} once in its query`
          : valueProblem(name, value, choices[name]);
    if (problem !== undefined) return { problem };
    members[name] = value;
  }
  if (oneOf.length > 0 && oneOf.filter((name) => members[name] !== undefined).length !== 1)
    return { problem: `must have ?${oneOf.map((name) => `${name}=…`).join(" or ?")}` };
  if (members.routing_key !== undefined && members.exchange === undefined)
    return { problem: "must have routing_key with an exchange only" };
  if (engine === "nats" && /[*>]/.test(members.subject ?? ""))
    return { problem: "must have a subject without wildcards" };
  if (engine === "mqtt" && /[+#]/.test(members.topic ?? ""))
    return { problem: "must have a topic without wildcards" };
  if (engine === "sqs") {
    const problem = queueProblem(url);
    if (problem !== undefined) return { problem };
  }
  url.search = "";
  url.hash = "";
  return { target: { engine, url: urlText(url), members } };
}

/** Who may put a sink must not publish with the credentials of Mars' machine. */
function queueProblem({ pathname, username, password }: URL): string | undefined {
  if (!/^\/[^/]+\/[^/]+$/.test(pathname)) return `must have a path: sqs://HOST/${engineMembers.sqs.path}`;
  if (username !== "" && password !== "") return undefined;
  return "must have an access key as its user, and the secret as its password";
}

const schemesProblem = `must be one of ${engines
  .flatMap((engine) => engineMembers[engine].schemes.map((scheme) => `${scheme}://`))
  .join(", ")} with a host`;

function valueProblem(
  name: string,
  value: string,
  choices: readonly string[] | undefined,
): string | undefined {
  if (value === "") return `must have ${name} not empty`;
  const problem = textProblem(value, nameBytesMax);
  if (problem !== undefined) return `must have ${name} of at most ${nameBytesMax} bytes of text`;
  if (/[\s\p{Cc}]/u.test(value)) return `must have ${name} without blanks`;
  if (choices !== undefined && !choices.includes(value))
    return `must have ${name} as one of ${choices.join(", ")}`;
  return undefined;
}
