/** Counts the changes of findings since the start, by kind. */
import { type Finding, type FindingKind, findingKinds } from "../../lifecycle/finding.ts";
import type { FindingStats } from "../../runtime/stats.ts";

type Counts = Record<FindingKind, number>;

export class FindingCounts {
  readonly #raised = none();
  readonly #retracted = none();

  count(changes: readonly Finding[]): void {
    for (const { kind, retractedAt } of changes) {
      if (retractedAt === undefined) this.#raised[kind] += 1;
      else this.#retracted[kind] += 1;
    }
  }

  get stats(): FindingStats {
    const sum = (counts: Counts) => Object.values(counts).reduce((all, one) => all + one, 0);
    return {
      raised: sum(this.#raised),
      retracted: sum(this.#retracted),
      by_kind: { raised: { ...this.#raised }, retracted: { ...this.#retracted } },
    };
  }
}

function none(): Counts {
  return Object.fromEntries(findingKinds.map((kind) => [kind, 0])) as Counts;
}
