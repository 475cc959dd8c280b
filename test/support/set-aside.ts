/** Events and messages that are set aside, without a fault to set them aside. */

import { openBeside } from "./beside.ts";
import type { TestMars } from "./mars.ts";

/** Puts an event aside under 900, and a message under 901, as a fault of the database would. */
export async function setAside(mars: TestMars): Promise<void> {
  const client = openBeside(mars);
  const event = {
    seq: 900,
    appId: "shop",
    messageId: "poison",
    event: "E",
    createdAt: 1_000_000,
    receivedAt: 2_000_000,
    eventId: "e1",
    externalId: "",
    parentId: "",
    attributes: '{"n":1,"list":["x",null,true]}',
  };
  for (const [seq, kind, json] of [
    [900, "event", JSON.stringify(event)],
    [901, "message", ""],
  ] as const) {
    await client.execute({
      sql: `INSERT INTO set_aside (seq, kind, app_id, message_id, at, code, reason, event)
        VALUES (?, ?, 'shop', 'poison', 3000000, 'unprocessable', 'because', ?)`,
      args: [seq, kind, json],
    });
  }
  client.close();
}
