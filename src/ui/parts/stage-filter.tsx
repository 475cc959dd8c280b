/** Filters by a stage of the chosen app's lifecycle, and by how messages stand with it. */
import { useRead } from "../data/resource.ts";
import { go, here, parameter } from "../data/route.ts";

interface StageFilterProps {
  /** Offers how a message stands with the stage; else the stage is all. */
  readonly withState?: boolean;
}

const states = ["reached", "waiting", "overdue", "never"];

export function StageFilter({ withState = false }: StageFilterProps) {
  const app = parameter("app_id");
  const { data } = useRead("listLifecycleVersions", { app_id: app }, { when: app !== undefined });
  const stage = parameter("stage") ?? "";
  const known = stageNames(data?.versions[0]?.lifecycle?.stages ?? []);
  const names = stage === "" || known.includes(stage) ? known : [stage, ...known];
  return (
    <>
      <label class="filter">
        <span>Stage</span>
        <select
          value={stage}
          disabled={names.length === 0}
          onChange={({ currentTarget: { value } }) =>
            go(
              here({
                stage: value,
                after: undefined,
                ...(withState && {
                  stage_state: value === "" ? undefined : (parameter("stage_state") ?? "reached"),
                }),
              }),
            )
          }
        >
          <option value="">{app === undefined ? "choose an app first" : "Any stage"}</option>
          {names.map((name) => (
            <option key={name} value={name}>
              {name.replaceAll("|", " | ")}
            </option>
          ))}
        </select>
      </label>
      {withState && stage !== "" && (
        <label class="filter">
          <span>is</span>
          <select
            value={parameter("stage_state") ?? "reached"}
            onChange={({ currentTarget }) => go(here({ stage_state: currentTarget.value }))}
          >
            {states.map((state) => (
              <option key={state} value={state}>
                {state}
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}

interface Stage {
  readonly [member: string]: unknown;
}

/** The names by which operations call the stages: alternatives have `|` between them, and those of another app its id before them. */
export function stageNames(stages: readonly Stage[]): string[] {
  return stages.flatMap(({ app, event, any_of, children }) => {
    if (children !== undefined) return "children";
    const events = (Array.isArray(any_of) ? any_of : [event]).filter((one) => typeof one === "string");
    const names = events.map((one) => (typeof app === "string" ? `${app}/${one}` : one));
    return names.length === 0 ? [] : names.map((one) => one.replace(/[\\|]/g, "\\$&")).join("|");
  });
}
