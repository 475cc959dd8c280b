/** Tries refused messages once more, after their collector or its mapping was corrected. */
import type { Author } from "../core/audit.ts";
import type { BrokerStore, KeptMessage, ReplayedMessages } from "../core/broker-collector.ts";
import type { AcceptParts } from "./accept-messages.ts";
import { eventsOf } from "./message-events.ts";

export interface ReplayParts extends Omit<AcceptParts, "store" | "redact" | "redactHeaders" | "appOf"> {
  readonly store: Pick<BrokerStore, "readRefused" | "removeRefused" | "keepRefused">;
}

/**
 * @param message the id of the one that is tried; absent: all that are kept
 * @returns how many are kept now; absent where none has changed
 */
export async function replayRefused(
  { collector, mapper, ingest, store, log }: ReplayParts,
  message: number | undefined,
  by: Author,
): Promise<ReplayedMessages & { readonly kept?: number }> {
  let replayed = 0;
  let refused = 0;
  let kept: number | undefined;
  for (let after = 0, more = true; more; more = message === undefined) {
    const messages = await store.readRefused(collector.id, after, message);
    if (messages.length === 0) break;
    const accepted: number[] = [];
    for (const one of messages) {
      after = one.id;
      const { events, reason } = await eventsOf(mappable(one), collector, mapper, log);
      const cut = one.body.length < one.bytes;
      if (cut || reason !== undefined) refused++;
      if (!cut && reason !== undefined) await store.keepRefused(collector.id, [{ ...one, reason }]);
      if (cut || reason !== undefined) continue;
      if (events.length > 0) await ingest.accept(events);
      accepted.push(one.id);
    }
    if (accepted.length > 0) kept = await store.removeRefused(collector.id, accepted, by);
    replayed += accepted.length;
  }
  return { replayed, refused, ...(kept !== undefined && { kept }) };
}

function mappable({ eventId, body, brokerAt, headers }: KeptMessage) {
  return { id: eventId, body, headers: () => headers, ...(brokerAt !== undefined && { brokerAt }) };
}
