/** The message brokers that Mars reads from: what each needs to know. */

export interface EngineMembers {
  /** Schemes of its URLs. */
  readonly schemes: readonly string[];
  /** Members beside those that all engines have. */
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** Values of absent members. */
  readonly defaults: Readonly<Record<string, string>>;
  /** The only values of some members. */
  readonly choices?: Readonly<Record<string, readonly string[]>>;
  /** Bounds of members that are whole numbers. */
  readonly numbers?: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
  /** What the URL's path is, where it must have one. */
  readonly path?: string;
  /** Whether it takes `credentials`. */
  readonly credentials?: true;
}

/** By engine. */
export const engineMembers = {
  nats: {
    schemes: ["nats", "tls"],
    required: ["stream"],
    optional: ["consumer", "subject"],
    defaults: { consumer: "mars" },
    credentials: true,
  },
  redis: {
    schemes: ["redis", "rediss"],
    required: ["stream"],
    optional: ["group", "consumer", "field"],
    defaults: { group: "mars", consumer: "mars", field: "data" },
  },
  rabbitmq: {
    schemes: ["amqp", "amqps"],
    required: ["queue"],
    optional: [],
    defaults: {},
  },
  kafka: {
    schemes: ["kafka", "kafkas"],
    required: ["topic"],
    optional: ["group", "brokers", "sasl", "instance", "tombstones"],
    defaults: { group: "mars", tombstones: "refuse" },
    choices: { sasl: ["plain", "scram-sha-256", "scram-sha-512"], tombstones: ["refuse", "ignore"] },
  },
  mqtt: {
    schemes: ["mqtt", "mqtts"],
    required: ["topic"],
    optional: ["client_id", "group"],
    defaults: {},
  },
  sqs: {
    schemes: ["sqs", "sqs+http"],
    required: [],
    optional: ["region", "visibility"],
    defaults: {},
    // Less could end before it is extended.
    numbers: { visibility: { min: 30, max: 43_200 } },
    path: "ACCOUNT/QUEUE",
  },
} as const satisfies Readonly<Record<string, EngineMembers>>;

export type Engine = keyof typeof engineMembers;

export const engines = Object.keys(engineMembers) as readonly Engine[];

/** The engine of a URL's scheme, without its colon. */
export function engineOf(scheme: string): Engine | undefined {
  return engines.find((engine) => (engineMembers[engine].schemes as readonly string[]).includes(scheme));
}

/** Whether a user without a password is a secret by itself: NATS takes a token there. */
export function hasTokenAsUser(engine: Engine): boolean {
  return engine === "nats";
}
