/** People who mark findings while these come and go, and say so again where they had no answer. */
import { parseTime } from "../../../src/core/time.ts";
import { type TriageAction, triageActions } from "../../../src/lifecycle/triage.ts";
import type { NaiveMark } from "../../support/naive-world.ts";
import type { RandomWorld } from "../../support/random-world.ts";
import type { FindingWatcher } from "../finding-watcher.ts";
import type { RestartedMars } from "../restarted-mars.ts";
import type { FindingJson } from "./shown.ts";

interface TriageJson {
  readonly matched: number;
  readonly changed: number;
  readonly applied: boolean;
  readonly samples: readonly { readonly id: number; readonly due_at: string }[];
}

const statuses = { acknowledge: "acknowledged", resolve: "resolved", ignore: "ignored" } as const;

const peopleMax = 6;

export type Mark = Pick<NaiveMark, "status" | "until" | "dueAt">;

export class TriageClient {
  readonly #mars: RestartedMars;
  readonly #world: RandomWorld;
  readonly #watcher: FindingWatcher;
  /** By finding. */
  readonly marks = new Map<number, Mark>();
  calls = 0;

  constructor(mars: RestartedMars, world: RandomWorld, watcher: FindingWatcher) {
    this.#mars = mars;
    this.#world = world;
    this.#watcher = watcher;
  }

  async run(isOver: () => boolean): Promise<void> {
    // One person after another decides about a message; so its last mark is known.
    await Promise.all(Array.from({ length: peopleMax }, (_, person) => this.#work(person, isOver)));
  }

  async #work(person: number, isOver: () => boolean): Promise<void> {
    const isMine = ({ message_id }: FindingJson) => Bun.hash.crc32(message_id) % peopleMax === person;
    while (!isOver()) {
      await Bun.sleep(10 + this.#world.below(60));
      const marked = this.#world.chance(0.2);
      const known = [...this.#watcher.last.values()].filter(
        (one) => isMine(one) && (marked ? one.triage !== null : one.retracted_at === null),
      );
      if (known.length === 0) continue;
      const finding = this.#world.pick(known);
      await this.#mark(
        finding,
        marked ? this.#world.pick(triageActions) : this.#world.pick(triageActions.slice(0, 3)),
      );
    }
  }

  /** All of a hop, when nothing else changes. @param findings those that Mars has @returns whether as many matched as it has */
  async markGroup(
    { app_id, kind, stage, after }: FindingJson,
    action: Exclude<TriageAction, "clear">,
    findings: readonly FindingJson[],
  ): Promise<boolean> {
    const body = { action, note: `call ${++this.calls}`, group: { app_id, kind, stage, after } };
    const mine = findings.filter(
      (one) =>
        one.app_id === app_id &&
        one.kind === kind &&
        one.stage === stage &&
        one.after === after &&
        one.retracted_at === null,
    );
    const { status, body: answer } = await this.#mars.ask<TriageJson>("POST", "/api/triage", body);
    if (status !== 200) throw new Error(`triage of a group: ${status} ${JSON.stringify(answer)}`);
    for (const { id, due_at } of mine) this.#put(id, action, due_at);
    return answer.matched === mine.length;
  }

  async #mark({ id, app_id, message_id }: FindingJson, action: TriageAction): Promise<void> {
    const note = `call ${++this.calls}`;
    const always = action === "ignore" && this.#world.chance(0.3);
    const one = this.#world.chance(0.6);
    const call = {
      ...{ action, note },
      ...(always && { until: "always" }),
      ...(one ? { finding: id } : { app_id, message_id }),
    };
    let { status, body } = await this.#mars.ask<TriageJson>("POST", "/api/triage", call);
    // Until it counts it is not shown.
    for (; status === 200 && body.matched > 0 && !body.applied; ) {
      ({ status, body } = await this.#mars.ask<TriageJson>("POST", "/api/triage", call));
    }
    if (status !== 200 && status !== 404) throw new Error(`triage: ${status} ${JSON.stringify(body)}`);
    const samples = status === 200 ? body.samples : [];
    if (action === "clear") {
      const mine = [...this.#watcher.last.values()].filter(
        (of) => of.message_id === message_id && of.app_id === app_id,
      );
      for (const of of one ? [{ id }] : mine) this.marks.delete(of.id);
      for (const sample of samples) this.marks.delete(sample.id);
      return;
    }
    // The answer may be lost, and it shows findings as they were when they were chosen: the note says which were marked, and as what.
    const path = `/api/findings?state=any&triage=any&app_id=${app_id}&message_id=${message_id}`;
    for await (const finding of this.#mars.rows<FindingJson>(path, "findings")) {
      if (finding.triage?.note === note) this.#put(finding.id, action, finding.due_at, always);
    }
  }

  #put(id: number, action: Exclude<TriageAction, "clear">, dueAt: string, always = false): void {
    const mark = { status: statuses[action], dueAt: parseTime(dueAt) as number };
    this.marks.set(id, { ...mark, ...(always && { until: "always" }) });
  }
}
