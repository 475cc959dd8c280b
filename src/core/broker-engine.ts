/** The message brokers that Mars reads from: what each needs to know. */

export interface EngineMembers {
  /** Schemes of its URLs. */
  readonly schemes: readonly string[];
  /** Members beside those that all engines have. */
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** Values of absent members. */
  readonly defaults: Readonly<Record<string, string>>;
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
