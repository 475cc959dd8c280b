/** What happens to messages, rules, sinks, silences and incidents meanwhile, by clients that ask again over crashes. */
import type { RandomWorld } from "../../support/random-world.ts";
import type { RestartedMars } from "../restarted-mars.ts";
import type { Receivers } from "./receivers.ts";

export const apps = ["a", "b"] as const;
const ruleIds = ["r0", "r1", "r2"];
const sinkIds = ["s0", "s1"];
const atLeastMax = 4;

interface Rule {
  readonly id: string;
  readonly appId: string | undefined;
  readonly atLeast: number;
  readonly windowMs: number;
  readonly growFactor: number;
  readonly growAtLeast: number;
  readonly growAfterMs: number;
  readonly sinks: readonly string[];
  readonly putAt: number;
}

export class People {
  readonly #mars: RestartedMars;
  readonly #world: RandomWorld;
  readonly #receivers: Receivers;
  /** Messages by app that are stuck: their `A` is acknowledged, and neither has `B` come nor have people ended them. */
  readonly stuck = new Map<string, Set<string>>(apps.map((app) => [app, new Set()]));
  readonly rules = new Map<string, Rule>();
  /** By sink, the receiver that it leads to. Every exchange is for one of its own. */
  readonly leads = new Map<string, string>();
  /** Deliveries that people have sent again, by webhook id. */
  readonly sentAgain = new Set<string>();
  #messages = 0;
  #exchanges = 0;
  doings = 0;

  constructor(mars: RestartedMars, world: RandomWorld, receivers: Receivers) {
    this.#mars = mars;
    this.#world = world;
    this.#receivers = receivers;
  }

  async begin(): Promise<void> {
    const lifecycle = {
      stages: [{ event: "A" }, { event: "B", after: "A", within: "1ms" }],
      complete_on: ["B"],
      grace: "0s",
    };
    for (const app of apps) await this.#done("PUT", `/api/apps/${app}/lifecycle`, lifecycle);
    for (const sink of sinkIds) await this.#putSink(sink, false);
    for (const id of ruleIds) await this.#putRule(id);
  }

  /** Some report and end trouble, others change who is notified of it. */
  async run(isOver: () => boolean): Promise<void> {
    const trouble = [this.#stick, this.#stick, this.#stick, this.#release, this.#release, this.#end];
    const notified = [
      ...[this.#putSomeRule, this.#putSomeRule, this.#deleteRule, this.#exchange, this.#deleteSink],
      ...[this.#silence, this.#silence, this.#care, this.#redeliver, this.#redeliver],
    ];
    const work = async (doings: readonly (() => Promise<void>)[]) => {
      while (!isOver()) {
        await this.#world.pick(doings).call(this);
        this.doings += 1;
        await Bun.sleep(this.#world.below(80));
      }
    };
    await Promise.all([work(trouble), work(notified)]);
  }

  /** Nothing is silent any more, and of some apps it is known what must come of that. @returns the apps of which each rule must notify */
  async settle(): Promise<Set<string>> {
    const { silences } = await this.#mars.read<{ silences: { id: number; active: boolean }[] }>(
      "/api/alerts/silences?limit=1000",
    );
    for (const { id, active } of silences)
      if (active) await this.#mars.ask("DELETE", `/api/alerts/silences/${id}`);
    for (const { id } of await this.#active())
      await this.#mars.ask("POST", `/api/alerts/incidents/${id}/snooze`, { for: "off" });
    const troubled = new Set<string>();
    for (const app of apps) {
      const end = this.#world.below(3);
      if (end === 0) await this.#release(app, true);
      if (end !== 1) continue;
      await this.#stick(app, atLeastMax);
      troubled.add(app);
    }
    return troubled;
  }

  async #active(): Promise<{ id: number }[]> {
    return (await this.#mars.read<{ incidents: { id: number }[] }>("/api/alerts/incidents?state=active"))
      .incidents;
  }

  async #report(event: string, app: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const created_at = new Date().toISOString();
    const events = ids.map((message_id) => ({ app_id: app, message_id, event, created_at }));
    await this.#done("POST", "/api/event/bulk", { events });
  }

  async #stick(app: string = this.#world.pick(apps), count = 1 + this.#world.below(8)): Promise<void> {
    const ids = Array.from({ length: count }, () => `m${this.#messages++}`);
    await this.#report("A", app, ids);
    for (const id of ids) this.stuck.get(app)!.add(id);
  }

  async #release(app: string = this.#world.pick(apps), all = this.#world.chance(0.4)): Promise<void> {
    const ids = [...this.stuck.get(app)!].filter(() => all || this.#world.chance(0.6));
    await this.#report("B", app, ids);
    for (const id of ids) this.stuck.get(app)!.delete(id);
  }

  /** People resolve or ignore what is stuck: some messages, or a whole hop. */
  async #end(): Promise<void> {
    const app = this.#world.pick(apps);
    const stuck = this.stuck.get(app)!;
    const action = this.#world.pick(["resolve", "ignore"]);
    for (const id of [...stuck].filter(() => this.#world.chance(0.4)).slice(0, 5)) {
      const call = { action, app_id: app, message_id: id };
      // It may not have been found yet, or not again after a crash.
      for (let tries = 0; tries < 40 && stuck.has(id); tries++) {
        const { body, again } = await this.#done<{ matched: number }>("POST", "/api/triage", call);
        if (body.matched > 0) stuck.delete(id);
        else if (again && (await this.#isEnded(app, id))) stuck.delete(id);
        else await Bun.sleep(50);
      }
    }
  }

  async #isEnded(app: string, id: string): Promise<boolean> {
    const { state } = await this.#mars.read<{ state: string }>(`/api/apps/${app}/messages/${id}`);
    return state === "closed";
  }

  async #putSomeRule(): Promise<void> {
    await this.#putRule(this.#world.pick(ruleIds));
  }

  async #putRule(id: string): Promise<void> {
    const world = this.#world;
    const some = sinkIds.filter(() => world.chance(0.6));
    const sinks = some.length === 0 ? [world.pick(sinkIds)] : some;
    for (const sink of sinks) if (!this.leads.has(sink)) await this.#putSink(sink, false);
    const appId = world.chance(0.5) ? world.pick([...apps, "other"]) : undefined;
    const [atLeast, windowS] = [1 + world.below(atLeastMax), 1 + world.below(2)];
    const growAfter = world.chance(0.7) ? 1 : 0;
    const { body } = await this.#done<{ rule: { grow_factor: number; grow_at_least: number } }>(
      "PUT",
      `/api/alerts/rules/${id}`,
      {
        ...(appId !== undefined && { app_id: appId }),
        ...{ at_least: atLeast, window: `${windowS}s`, repeat: "off", sinks },
        grow_after: growAfter === 0 ? "off" : `${growAfter}s`,
      },
    );
    const { grow_factor: growFactor, grow_at_least: growAtLeast } = body.rule;
    const putAt = Date.now() * 1_000;
    this.rules.set(id, {
      id,
      appId,
      atLeast,
      windowMs: windowS * 1_000,
      growFactor,
      growAtLeast,
      growAfterMs: growAfter * 1_000,
      sinks,
      putAt,
    });
  }

  async #deleteRule(): Promise<void> {
    const id = this.#world.pick(ruleIds);
    await this.#mars.ask("DELETE", `/api/alerts/rules/${id}`);
    this.rules.delete(id);
  }

  async #exchange(): Promise<void> {
    await this.#putSink(this.#world.pick(sinkIds), this.#world.chance(0.3));
  }

  /** @param same leads to the same receiver, by another address of it */
  async #putSink(id: string, same: boolean): Promise<void> {
    const receiver = (same ? this.leads.get(id) : undefined) ?? `/${this.#exchanges++}`;
    const url = `${this.#receivers.urlOf(receiver)}?${this.#world.below(1_000)}`;
    await this.#done("PUT", `/api/alerts/sinks/${id}`, { type: "webhook", url });
    this.leads.set(id, receiver);
  }

  async #deleteSink(): Promise<void> {
    const id = this.#world.pick(sinkIds);
    if ([...this.rules.values()].some(({ sinks }) => sinks.includes(id))) return;
    await this.#mars.ask("DELETE", `/api/alerts/sinks/${id}`);
    this.leads.delete(id);
  }

  async #silence(): Promise<void> {
    const match = this.#world.chance(0.5)
      ? { app_id: this.#world.pick(apps) }
      : { rule: this.#world.pick(ruleIds) };
    await this.#done("POST", "/api/alerts/silences", { ...match, for: `${1 + this.#world.below(5)}s` });
  }

  async #care(): Promise<void> {
    const active = await this.#active();
    if (active.length === 0) return;
    const path = `/api/alerts/incidents/${this.#world.pick(active).id}`;
    if (this.#world.chance(0.5)) await this.#mars.ask("POST", `${path}/acknowledge`);
    else await this.#mars.ask("POST", `${path}/snooze`, { for: `${60 + this.#world.below(60)}s` });
  }

  async #redeliver(): Promise<void> {
    interface Delivery {
      readonly id: number;
      readonly webhook_id: string;
    }
    const { deliveries } = await this.#mars.read<{ deliveries: Delivery[] }>(
      "/api/alerts/deliveries?limit=100",
    );
    if (deliveries.length === 0) return;
    const { id, webhook_id } = this.#world.pick(deliveries);
    this.sentAgain.add(webhook_id);
    // It may be out of date, or its sink gone.
    await this.#mars.ask("POST", `/api/alerts/deliveries/${id}/redeliver`);
  }

  async #done<Body>(method: string, path: string, body: unknown) {
    const answer = await this.#mars.ask<Body>(method, path, body);
    if (answer.status !== 200)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  }
}
