/** Changes lifecycles while events come, and has them follow what is stored. */
import type { Definition, DefinitionJson } from "../../../src/lifecycle/definition.ts";
import { parseDefinition } from "../../support/definition.ts";
import { type FollowedApp, followedApps, type RandomWorld } from "../../support/random-world.ts";
import type { RestartedMars } from "../restarted-mars.ts";
import type { SentReport } from "./event-client.ts";

/** What was put, and when the first request went out and the answer came, in microseconds. */
interface Change {
  readonly definition: Definition | undefined;
  readonly sentAt: number;
  readonly answeredAt: number;
  /** It follows what was stored before. */
  readonly backfilled: boolean;
}

interface VersionJson {
  readonly version: number;
  readonly lifecycle: DefinitionJson | null;
  readonly backfill: { readonly done: number; readonly of: number; readonly ended: boolean } | null;
}

/** By which a message may go: `undefined` for none. */
export interface Choice {
  readonly version: number | undefined;
  readonly definition: Definition | undefined;
}

export class LifecycleClient {
  readonly #mars: RestartedMars;
  readonly #world: RandomWorld;
  readonly #changes = new Map<string, Change[]>(followedApps.map((app) => [app, []]));
  readonly faults: string[] = [];

  constructor(mars: RestartedMars, world: RandomWorld) {
    this.#mars = mars;
    this.#world = world;
  }

  get counts() {
    const all = [...this.#changes.values()].flat();
    return { changes: all.length, backfills: all.filter(({ backfilled }) => backfilled).length };
  }

  /** Most apps have a lifecycle before there is any event. */
  async begin(): Promise<void> {
    for (const app of followedApps) if (this.#world.chance(0.85)) await this.#put(app, false);
  }

  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      await Bun.sleep(200 + this.#world.below(1_200));
      await this.#put(this.#world.pick(followedApps), this.#world.chance(0.5));
    }
  }

  async #put(app: FollowedApp, backfilled: boolean): Promise<void> {
    const changes = this.#changes.get(app)!;
    const path = `/api/apps/${app}/lifecycle`;
    const sentAt = Date.now() * 1_000;
    const last = changes.at(-1)?.definition;
    if (last !== undefined && this.#world.chance(0.1)) {
      const { status } = await this.#mars.ask("DELETE", path);
      // After a request whose answer was lost it may be gone.
      if (status !== 200 && status !== 404) throw new Error(`DELETE ${path}: ${status}`);
      changes.push({ definition: undefined, sentAt, answeredAt: Date.now() * 1_000, backfilled: false });
      return;
    }
    const json = this.#world.lifecycle(app);
    const definition = parseDefinition(json);
    if (JSON.stringify(definition) === JSON.stringify(last)) return;
    const { status, body } = await this.#mars.ask("PUT", `${path}${backfilled ? "?backfill=all" : ""}`, json);
    if (status !== 200) throw new Error(`PUT ${path}: ${status} ${JSON.stringify(body)}`);
    changes.push({ definition, sentAt, answeredAt: Date.now() * 1_000, backfilled });
    // Another version would end it.
    while (backfilled && (await this.#mars.read<VersionJson>(path)).backfill?.ended !== true)
      await Bun.sleep(50);
  }

  /** The versions that Mars has must be those that were put. */
  async check(): Promise<void> {
    for (const [app, changes] of this.#changes) {
      if (changes.length === 0) continue;
      const { versions } = await this.#mars.read<{ versions: VersionJson[] }>(
        `/api/apps/${app}/lifecycle/versions`,
      );
      const stored = versions.toReversed().map(({ lifecycle }) => lifecycle && parseDefinition(lifecycle));
      const wanted = changes.map(({ definition }) => definition ?? null);
      if (JSON.stringify(stored) !== JSON.stringify(wanted))
        this.faults.push(
          `${app} has ${stored.length} versions of a lifecycle, ${wanted.length} were put, or others`,
        );
    }
  }

  versionOf(app: string, version: number): Definition | undefined {
    return this.#changes.get(app)?.[version - 1]?.definition;
  }

  /** By which a message with these reports may have gone by a time. */
  choicesUntil(app: string, reports: readonly SentReport[], at: number): (Definition | undefined)[] {
    const changes = this.#changes.get(app) ?? [];
    const backfills = changes.flatMap(({ backfilled, sentAt }, index) =>
      backfilled && sentAt <= at ? [index] : [],
    );
    const begun = this.#heldBetween(changes, acceptedBetween(reports));
    return [...new Set([...begun, ...backfills.filter((index) => index > Math.min(...begun))])].map(
      (index) => changes[index]?.definition,
    );
  }

  /** By which a message with these reports may go in the end: by one, unless a change came just when it began. */
  choicesOf(app: string, reports: readonly SentReport[]): Choice[] {
    const changes = this.#changes.get(app) ?? [];
    const last = changes.findLastIndex(({ backfilled }) => backfilled);
    const held = this.#heldBetween(changes, acceptedBetween(reports));
    return [...new Set(held.map((index) => Math.max(index, last)))].map((index) => {
      const definition = changes[index]?.definition;
      return { version: definition && index + 1, definition };
    });
  }

  /** @returns the indexes of the changes that held at some time of these, and -1 for before all */
  #heldBetween(
    changes: readonly Change[],
    { from, to }: { readonly from: number; readonly to: number },
  ): number[] {
    return [-1, ...changes.keys()].filter((index) => {
      const [change, next] = [changes[index], changes[index + 1]];
      return (change === undefined || change.sentAt <= to) && (next === undefined || next.answeredAt >= from);
    });
  }
}

/** When the first of them was accepted. */
function acceptedBetween(reports: readonly SentReport[]): { readonly from: number; readonly to: number } {
  return {
    from: Math.min(...reports.map(({ sentAt = 0 }) => sentAt)),
    to: Math.min(...reports.map(({ acknowledgedAt = 0 }) => acknowledgedAt)),
  };
}
