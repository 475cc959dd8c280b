/** The stages of an app in layers, each behind all that it comes after, for a drawing. Pure. */
import type { AnswerOf } from "../../../api/operation-types.ts";

export type Funnel = AnswerOf<"getFunnel">;
export type Latency = AnswerOf<"getLatency">;
type FunnelStage = Funnel["stages"][number];

export interface FlowStage extends FunnelStage {
  /** Of those that came this way, in milliseconds. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  /** Its place from the left, and from the top within it. */
  readonly layer: number;
  readonly row: number;
}

export interface FlowEdge {
  readonly from: FlowStage;
  readonly to: FlowStage;
}

export interface Flow {
  readonly stages: readonly FlowStage[];
  readonly edges: readonly FlowEdge[];
  readonly layers: number;
  /** The most stages of one layer. */
  readonly rows: number;
}

export function flowOf(funnel: Funnel, latency: Latency | undefined): Flow {
  const owners = new Map(
    funnel.stages.flatMap((stage) => stage.stage_events.map((name) => [name, stage.stage] as const)),
  );
  const byName = new Map(funnel.stages.map((stage) => [stage.stage, stage]));
  const layers = new Map<string, number>();
  const layerOf = (stage: FunnelStage, path: ReadonlySet<string>): number => {
    const known = layers.get(stage.stage);
    if (known !== undefined) return known;
    // Of different versions of a lifecycle, stages may follow each other in a circle.
    if (path.has(stage.stage)) return 0;
    const below = new Set([...path, stage.stage]);
    const before = stage.after_events
      .map((name) => byName.get(owners.get(name) ?? ""))
      .filter((one) => one !== undefined);
    const layer = before.length === 0 ? 0 : 1 + Math.max(...before.map((one) => layerOf(one, below)));
    layers.set(stage.stage, layer);
    return layer;
  };
  const taken: number[] = [];
  const stages = funnel.stages.map((stage): FlowStage => {
    const layer = layerOf(stage, new Set());
    const row = taken[layer] ?? 0;
    taken[layer] = row + 1;
    const hop = latency?.hops.find((one) => one.stage === stage.stage && one.after === stage.after)?.now;
    return { ...stage, layer, row, p50Ms: hop?.p50_ms ?? null, p95Ms: hop?.p95_ms ?? null };
  });
  const placed = new Map(stages.map((stage) => [stage.stage, stage]));
  const edges = stages.flatMap((to) =>
    [...new Set(to.after_events.map((name) => owners.get(name)))].flatMap((name) => {
      const from = placed.get(name ?? "");
      return from === undefined ? [] : [{ from, to }];
    }),
  );
  return { stages, edges, layers: taken.length, rows: Math.max(0, ...taken) };
}
