/** The stages of stored messages that events of other apps and children make, for dry runs. */
import type { HistoryOthers } from "../../learning/history.ts";
import { childrenDoneAt } from "../../lifecycle/children.ts";
import type { Plan } from "../../lifecycle/plan.ts";
import { readChildren } from "../journeys/children.ts";
import { readLinked } from "../journeys/linked-stages.ts";
import type { ReadConnection } from "../read-connection.ts";

/** By the message: the places of the plan's times that are known. */
export async function readHistoryOthers(
  connection: ReadConnection,
  plan: Plan,
  messages: readonly { readonly message: number }[],
): Promise<ReadonlyMap<number, HistoryOthers>> {
  if (plan.links.length === 0 && plan.children === undefined) return new Map();
  const execute = connection.execute.bind(connection);
  const asked = messages.map(({ message }) => ({ message, plan }));
  const upTo = Number.MAX_SAFE_INTEGER;
  const linked = plan.links.length === 0 ? new Map() : await readLinked(execute, asked, upTo);
  const children = await readChildren(execute, asked, upTo);
  return new Map(
    messages.map(({ message }) => {
      const others = plan.links.flatMap(({ slot }, index) => {
        const read = linked.get(message)?.[index];
        return read === undefined ? [] : { slot, at: read.at, receivedAt: read.receivedAt };
      });
      const known = children.get(message);
      const at = known === undefined ? null : childrenDoneAt(known);
      if (at !== null && plan.children !== undefined) {
        others.push({ slot: plan.children.slot, at, receivedAt: at });
      }
      return [message, others];
    }),
  );
}
