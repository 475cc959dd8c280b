/** A lifecycle as a drawing that can be changed: its stages in layers, what each comes after, and a form behind each. */
import { useSignal } from "@preact/signals";
import {
  afterOf,
  type Definition,
  fieldsOf,
  namesOf,
  type Stage,
  withoutStage,
  withStage,
} from "./definition-text.ts";
import { StageDialog } from "./stage-dialog.tsx";

interface DrawingProps {
  readonly definition: Definition;
  /** Absent where it can only be looked at. */
  change?: ((definition: Definition) => void) | undefined;
}

export function Drawing({ definition, change }: DrawingProps) {
  /** The place of the stage whose form is open; behind the last for a new one. */
  const editing = useSignal<number | undefined>(undefined);
  const at = editing.value;
  const stages = definition.stages.filter((stage) => typeof stage === "object" && stage !== null);
  const layers = layersOf(stages);
  const ends = new Set(definition.complete_on ?? []);
  const edit = (index: number) => () => {
    editing.value = index;
  };
  return (
    <>
      <ol class="drawing">
        {layers.map((layer, index) => (
          <li key={index}>
            {layer.map((stage) => (
              <button
                type="button"
                key={namesOf(stage).join("|")}
                class={stage.optional ? "box optional" : "box"}
                disabled={change === undefined}
                onClick={edit(definition.stages.indexOf(stage))}
              >
                <code>{namesOf(stage).join(" | ")}</code>
                <span class="muted">
                  {afterOf(stage).length > 0 && `after ${afterOf(stage).join(" | ")}`}
                  {stage.within !== undefined && `, within ${stage.within}`}
                </span>
                <span class="marks">
                  {stage.optional && <span class="badge quiet">optional</span>}
                  {namesOf(stage).some((name) => ends.has(name)) && <span class="badge good">completes</span>}
                  {stage.each !== undefined && <span class="badge plain">each of {stage.each.of}</span>}
                  {stage.times !== undefined && <span class="badge plain">{stage.times} times</span>}
                </span>
              </button>
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
      {change !== undefined && (
        <p class="more">
          <button type="button" class="button" onClick={edit(definition.stages.length)}>
            Add a stage
          </button>
        </p>
      )}
      {at !== undefined && change !== undefined && (
        <StageDialog
          fields={fieldsOf(definition, at)}
          {...(at < definition.stages.length && { remove: () => change(withoutStage(definition, at)) })}
          change={(fields) => change(withStage(definition, at, fields))}
          close={() => {
            editing.value = undefined;
          }}
        />
      )}
    </>
  );
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
