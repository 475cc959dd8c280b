/** A lifecycle as a drawing: its stages in layers, and what each comes after. */
import type { Definition } from "./lifecycles.tsx";

type Stage = Definition["stages"][number];

export function Drawing({ definition }: { definition: Definition }) {
  const stages = definition.stages.filter((stage) => typeof stage === "object" && stage !== null);
  const layers = layersOf(stages);
  const ends = new Set(definition.complete_on ?? []);
  return (
    <ol class="drawing">
      {layers.map((layer, index) => (
        <li key={index}>
          {layer.map((stage) => (
            <div key={namesOf(stage).join("|")} class={stage.optional ? "box optional" : "box"}>
              <code>{namesOf(stage).join(" | ")}</code>
              <p class="muted">
                {afterOf(stage).length > 0 && `after ${afterOf(stage).join(" | ")}`}
                {stage.within !== undefined && `, within ${stage.within}`}
              </p>
              <p class="marks">
                {stage.optional && <span class="badge quiet">optional</span>}
                {namesOf(stage).some((name) => ends.has(name)) && <span class="badge good">completes</span>}
                {stage.each !== undefined && <span class="badge plain">each of {stage.each.of}</span>}
                {stage.times !== undefined && <span class="badge plain">{stage.times} times</span>}
              </p>
            </div>
          ))}
        </li>
      ))}
      {(definition.fail_on ?? []).length > 0 && (
        <li>
          <div class="box fails">
            <code>{definition.fail_on!.join(" | ")}</code>
            <p class="marks">
              <span class="badge bad">fails</span>
            </p>
          </div>
        </li>
      )}
    </ol>
  );
}

function namesOf({ event, any_of }: Stage): readonly string[] {
  return event !== undefined ? [event] : Array.isArray(any_of) ? any_of : ["?"];
}

function afterOf({ after = [] }: Stage): readonly string[] {
  return typeof after === "string" ? [after] : after;
}

/** Each stage a layer behind the last of those that it comes after; what is not valid yet is drawn all the same. */
function layersOf(stages: readonly Stage[]): Stage[][] {
  const owners = new Map(stages.flatMap((stage) => namesOf(stage).map((name) => [name, stage] as const)));
  const depth = (stage: Stage, path: readonly Stage[]): number => {
    if (path.includes(stage)) return 0;
    const before = afterOf(stage).flatMap((name) => owners.get(name) ?? []);
    return before.length === 0 ? 0 : 1 + Math.max(...before.map((one) => depth(one, [...path, stage])));
  };
  const layers: Stage[][] = [];
  for (const stage of stages) {
    const at = Math.min(depth(stage, []), stages.length);
    layers[at] ??= [];
    layers[at].push(stage);
  }
  return layers.filter((layer) => layer !== undefined);
}
