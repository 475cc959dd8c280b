/** Receivers of alerts behind one socket, a path for each. They fail at random, and take their time. */
import type { Word } from "../../support/last-words.ts";
import type { RandomWorld } from "../../support/random-world.ts";

interface Arrival {
  readonly receiver: string;
  readonly id: string;
  readonly arrivedAt: number;
  /** When it was answered with a success, in milliseconds; absent where not. */
  acceptedAt?: number;
  readonly word: Word | undefined;
}

interface Body {
  readonly type: string;
  readonly timestamp: string;
  readonly data: {
    readonly incident?: {
      readonly id: number;
      readonly change: number;
      readonly rule: string;
      readonly app_id: string;
      readonly kind: string;
      readonly count: number;
    };
  };
}

export class Receivers {
  readonly #world: RandomWorld;
  readonly #server: Bun.Server<undefined>;
  readonly arrivals: Arrival[] = [];

  constructor(world: RandomWorld) {
    this.#world = world;
    this.#server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => this.#receive(request) });
  }

  urlOf(receiver: string): string {
    return `http://127.0.0.1:${this.#server.port}${receiver}`;
  }

  /** What each receiver has accepted, each id once. */
  get words(): Map<string, Word[]> {
    const words = new Map<string, Word[]>();
    const known = new Set<string>();
    for (const { receiver, id, acceptedAt, word } of this.arrivals) {
      if (acceptedAt === undefined || word === undefined || known.has(`${receiver} ${id}`)) continue;
      known.add(`${receiver} ${id}`);
      words.set(receiver, [...(words.get(receiver) ?? []), word]);
    }
    return words;
  }

  async #receive(request: Request): Promise<Response> {
    const receiver = new URL(request.url).pathname;
    const id = request.headers.get("webhook-id")!;
    const { type, timestamp, data } = (await request.json()) as Body;
    const { incident } = data;
    const arrival: Arrival = {
      ...{ receiver, id, arrivedAt: Date.now() },
      word: incident && {
        ...{ type: type.replace("incident.", ""), incident: incident.id, change: incident.change },
        ...{ rule: incident.rule, appId: incident.app_id, kind: incident.kind, count: incident.count },
        at: Date.parse(timestamp) * 1_000,
      },
    };
    // The first time only, so that it is tried again within seconds.
    const fails = this.#world.chance(0.25) && !this.arrivals.some((one) => one.id === id);
    this.arrivals.push(arrival);
    if (this.#world.chance(0.3)) await Bun.sleep(this.#world.below(150));
    if (fails) return new Response("", { status: 500 });
    arrival.acceptedAt = Date.now();
    return new Response("");
  }

  async close(): Promise<void> {
    await this.#server.stop(true);
  }
}
