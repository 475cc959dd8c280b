/** What there is once in the large database: a message of a million events, journeys of many messages, a batch, a rare attribute. */
import type { Mars } from "../bench.ts";
import { flowApps, type PatternEvent } from "./pattern.ts";
import { call, sendEvents } from "./send.ts";

export const longMessage = { app: "long", id: "poller", events: 1_000_000 } as const;
/** Messages of each: as many as are looked at, and more. */
export const journeys = [
  { externalId: "journey-of-1000", messages: 1_000 },
  { externalId: "journey-of-3000", messages: 3_000 },
] as const;
export const batch = { app: "batches", id: "batch", children: 1_000 } as const;
/** One message in all has it. */
export const rare = { app: flowApps[0]!, id: "only-one", customer: "customer-rare" } as const;

export async function sendSpecials(mars: Mars): Promise<void> {
  const definition = {
    stages: [{ event: "OPENED" }, { children: "complete", after: "OPENED", within: "30d" }],
    complete_on: ["children"],
  };
  await call(mars, "PUT", `/api/apps/${batch.app}/lifecycle`, definition);
  await sendEvents(mars, specials(Date.now() - 3_600_000));
}

function* specials(start: number): Iterable<PatternEvent> {
  const at = (n: number) => new Date(start + n).toISOString();
  for (let n = 0; n < longMessage.events; n++) {
    const event = n % 1_000 === 0 ? "CHECKED" : "POLLED";
    yield { app_id: longMessage.app, message_id: longMessage.id, event, created_at: at(n) };
  }
  for (const { externalId, messages } of journeys) {
    for (let n = 0; n < messages; n++) {
      for (const event of ["SEEN", "DONE"]) {
        yield {
          app_id: `journey-${n % 10}`,
          message_id: `${externalId}-${n}`,
          event,
          created_at: at(n),
          external_id: externalId,
        };
      }
    }
  }
  yield { app_id: batch.app, message_id: batch.id, event: "OPENED", created_at: at(0) };
  for (let n = 0; n < batch.children; n++) {
    yield {
      app_id: batch.app,
      message_id: `part-${n}`,
      event: "OPENED",
      created_at: at(n),
      parent_id: batch.id,
    };
  }
  yield {
    app_id: rare.app,
    message_id: rare.id,
    event: "CREATED",
    created_at: at(0),
    attributes: { region: "north", carrier: "carrier-0", customer: rare.customer },
  };
}
