/** The trivially right summary of a message, to hold the real one against. */
import type { MessageKey, StoredEvent } from "../../src/core/event.ts";
import type { MessageSummary } from "../../src/core/query.ts";

/** @param events at least one, each identity once, in the order of `compareEvents` */
export function naiveSummary(key: MessageKey, events: readonly StoredEvent[]): MessageSummary {
  const externalIds = new Set(events.map(({ externalId }) => externalId));
  externalIds.delete("");
  const parentIds = events.map(({ parentId }) => parentId).filter((parentId) => parentId !== "");
  return {
    appId: key.appId,
    messageId: key.messageId,
    createdAt: events[0]!.createdAt,
    updatedAt: events.at(-1)!.createdAt,
    eventCount: events.length,
    stages: [...new Set(events.map(({ event }) => event))],
    lastEvent: events.at(-1)!.event,
    externalIds: [...externalIds].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    parentId: parentIds.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))[0] ?? "",
    state: "untracked",
  };
}
