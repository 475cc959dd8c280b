/** What of a lifecycle cannot be, once each of its fields is valid by itself. */
import {
  type Definition,
  linkedEvent,
  linkedName,
  owedStagesMax,
  type Stage,
  stageName,
} from "../lifecycle/definition.ts";
import { stageOrder } from "../lifecycle/stage-order.ts";

export interface Problem {
  readonly path: (string | number)[];
  readonly message: string;
}

/** Of the stages that are owed by several. */
function problemsOfOwed(stages: readonly Stage[], failOn: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  let count = 0;
  const linked = new Set(stages.flatMap(({ app, events }) => (app === undefined ? [] : events)));
  for (const [index, { app, events, after, each, times }] of stages.entries()) {
    if (each === undefined && times === undefined) continue;
    count += 1;
    const name = each === undefined ? "times" : "each";
    const report = (message: string) => problems.push({ path: ["stages", index, name], message });
    if (each !== undefined && times !== undefined) report("must be absent where times is given");
    if (app !== undefined) report("must be absent: the stage is of another app");
    if (each !== undefined && after.some((name) => linked.has(name))) {
      report("must be absent: the stage comes after one of another app");
    }
    if (events.length > 1) report("must be absent: the stage has alternatives");
    if (count > owedStagesMax) report(`must be on ${owedStagesMax} stages at most`);
    const fails = failOn.findIndex((event) => events.includes(event));
    if (fails >= 0) {
      const message = `must not name ${failOn[fails]}, which several owe`;
      problems.push({ path: ["fail_on", fails], message });
    }
  }
  return problems;
}

/** Of the events that begin a new run. */
function problemsOfReopening({ stages, completeOn, failOn, reopenOn = [] }: Definition): Problem[] {
  const severals = stages.filter(({ each, times }) => each !== undefined || times !== undefined);
  return reopenOn.flatMap((event, index): Problem[] => {
    const path = ["reopen_on", index];
    if (completeOn.includes(event))
      return [{ path, message: `must not name ${event}, which completes a message` }];
    if (failOn.includes(event)) return [{ path, message: `must not name ${event}, which fails a message` }];
    const owed = severals.some(({ events }) => events.includes(event));
    return owed ? [{ path, message: `must not name ${event}, which several owe` }] : [];
  });
}

/** Events of other apps and children belong to no run. */
function problemsOfOthers({ stages, recovers, reopenOn }: Definition): Problem[] {
  if (stages.every(({ app, children }) => app === undefined && children === undefined)) return [];
  const message = "must be absent where stages are of other apps or children";
  return [
    ...(recovers === undefined ? [] : [{ path: ["recovers"], message }]),
    ...(reopenOn === undefined ? [] : [{ path: ["reopen_on"], message }]),
  ];
}

/** What would be accepted, and make no difference: its author expects something that will not happen. */
function problemsWithoutEffect({ stages, failOn, recovers, giveUpMs }: Definition): Problem[] {
  const problems: Problem[] = [];
  const report = (path: (string | number)[], message: string) => problems.push({ path, message });
  if (recovers && failOn.length === 0) report(["recovers"], "must be absent without fail_on: nothing fails");
  if (
    giveUpMs !== undefined &&
    !stages.some(({ optional, withinMs }) => !optional && withinMs !== undefined)
  ) {
    report(["give_up"], "must be absent where no stage that is not optional has within: nothing is overdue");
  }
  const apps = new Set(stages.flatMap(({ app }) => (app === undefined ? [] : [app])));
  const named = new Set(stages.flatMap(({ events }) => events));
  for (const [index, name] of failOn.entries()) {
    const app = [...apps].find((one) => name.startsWith(linkedName(one, "")));
    if (app === undefined || named.has(name)) continue;
    report(["fail_on", index], `must name an event of a stage of ${app}; ${linkedEvent(app, name)} is none`);
  }
  return problems;
}

function problemsOfChildren(stages: readonly Stage[]): Problem[] {
  const index = stages.findIndex(({ children }) => children !== undefined);
  if (index < 0) return [];
  const problems: Problem[] = [];
  const report = (message: string) => problems.push({ path: ["stages", index, "children"], message });
  const { app, each, times } = stages[index]!;
  if (app !== undefined) report("must be absent: a message's children are of its own app");
  if (each !== undefined || times !== undefined) report("must be absent where each or times is given");
  else if (stages.some((stage) => stage.each !== undefined || stage.times !== undefined)) {
    report("must be absent where several owe another stage");
  }
  return problems;
}

/** Checks of the fields together. */
export function problemsOfWhole(definition: Definition): Problem[] {
  const { stages, completeOn, failOn } = definition;
  const problems: Problem[] = [];
  const report = (path: (string | number)[], message: string) => problems.push({ path, message });
  const owners = new Map<string, number>();
  // By the name without `\`, as users write it in a filter.
  const named = new Map<string, number>();
  for (const [index, stage] of stages.entries()) {
    for (const event of stage.events) {
      const owner = owners.get(event);
      if (owner === undefined) owners.set(event, index);
      else report(["stages", index], `must not name ${event}: it belongs to stages[${owner}]`);
    }
    const name = stage.events.join("|");
    const other = named.get(name);
    if (other === undefined) named.set(name, index);
    else report(["stages", index], `must not be called ${name}: stages[${other}] is`);
  }
  for (const [index, { after }] of stages.entries()) {
    for (const event of after) {
      if (!owners.has(event)) {
        report(["stages", index, "after"], `must name events of stages; ${event} is none`);
      }
    }
  }
  for (const [index, event] of completeOn.entries()) {
    if (!owners.has(event)) report(["complete_on", index], `must name events of stages; ${event} is none`);
  }
  for (const [index, event] of failOn.entries()) {
    if (completeOn.includes(event)) {
      report(["fail_on", index], `must not name ${event}, which completes a message`);
    }
  }
  problems.push(...problemsOfOwed(stages, failOn), ...problemsOfReopening(definition));
  problems.push(...problemsOfChildren(stages), ...problemsOfOthers(definition));
  problems.push(...problemsWithoutEffect(definition));
  if (stages[0]?.events.every((event) => failOn.includes(event))) {
    report(["fail_on"], "must not name all that opens a message: none would complete");
  }
  if (problems.length > 0) return problems;
  const { cycle } = stageOrder(stages);
  if (cycle.length > 0) {
    const circle = [...cycle, cycle[0]!].map((index) => stageName(stages[index]!));
    report(["stages", cycle[0]!, "after"], `must not lead in a circle: ${circle.join(" after ")}`);
  }
  return problems;
}
