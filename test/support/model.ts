/** The trivially right summary of a message, to hold the real one against. */
import { happenedAt } from "../../src/core/ahead.ts";
import type { MessageKey, StoredEvent } from "../../src/core/event.ts";
import { compareText } from "../../src/core/fold.ts";
import type { MessageSummary } from "../../src/core/query.ts";

/** @param events at least one, each identity once */
export function naiveSummary(key: MessageKey, events: readonly StoredEvent[]): MessageSummary {
  const byTime = events.toSorted((a, b) => happenedAt(a) - happenedAt(b) || compareText(a.event, b.event));
  const externalIds = new Set(events.map(({ externalId }) => externalId));
  externalIds.delete("");
  const parentIds = events.map(({ parentId }) => parentId).filter((parentId) => parentId !== "");
  return {
    appId: key.appId,
    messageId: key.messageId,
    createdAt: happenedAt(byTime[0]!),
    updatedAt: happenedAt(byTime.at(-1)!),
    eventCount: events.length,
    stages: [...new Set(byTime.map(({ event }) => event))],
    lastEvent: byTime.at(-1)!.event,
    externalIds: [...externalIds].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    parentId: parentIds.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))[0] ?? "",
    state: "untracked",
    ...(events.some(({ aheadBy }) => aheadBy !== undefined) && { skewed: true }),
  };
}
