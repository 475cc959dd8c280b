/** The stages of a message that events of other apps and children make, as its answer shows them. */
import type { Micros } from "../../core/event.ts";
import type { InstanceStage } from "../../core/state.ts";
import { type Children, childrenDoneAt, childrenOwed } from "../../lifecycle/children.ts";
import type { Plan } from "../../lifecycle/plan.ts";
import { readChildren } from "../journeys/children.ts";
import { type LinkedNow, linkedNow } from "../journeys/linked-now.ts";
import type { ReadConnection } from "../read-connection.ts";

export interface Others {
  readonly linked: readonly LinkedNow[];
  readonly children: Children | undefined;
}

export async function readOthers(
  connection: ReadConnection,
  { message, plan, upTo }: { readonly message: number; readonly plan: Plan; readonly upTo: number },
): Promise<Others> {
  const linked = await linkedNow(connection, message, plan, upTo);
  const execute = connection.execute.bind(connection);
  return { linked, children: (await readChildren(execute, [{ message, plan }], upTo)).get(message) };
}

/** Puts the times of these stages in their places. */
export function putOthers(plan: Plan, times: (Micros | null)[], { linked, children }: Others): void {
  for (const { slot, at } of linked) times[slot] = at;
  if (plan.children !== undefined) times[plan.children.slot] = children ? childrenDoneAt(children) : null;
}

/** The stages with who has made them, and who owes them. */
export function withOthers(
  plan: Plan,
  stages: readonly InstanceStage[],
  { linked, children }: Others,
): readonly InstanceStage[] {
  return stages.map((stage, index) => {
    const slots = plan.stages[index]!.events;
    const doneBy = linked.find(({ slot, at }) => slots.includes(slot) && at === stage.doneAt)?.doneBy;
    const owed = children && plan.children?.stage === index ? childrenOwed(children) : undefined;
    return { ...stage, ...(owed && { owed }), ...(doneBy && { doneBy }) };
  });
}
