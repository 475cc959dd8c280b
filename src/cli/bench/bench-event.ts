/** The events of a load: messages of four stages, of which each connection makes its own, one after the other. */

const stages = ["created", "paid", "packed", "sent"] as const;

export interface BenchEvent {
  readonly app_id: string;
  readonly message_id: string;
  readonly event: string;
  readonly event_id: string;
  /** RFC 3339. */
  readonly created_at: string;
}

/** @param prefix of the ids of this load's messages */
export function benchEvent(
  { app, prefix }: { readonly app: string; readonly prefix: string },
  connection: number,
  place: number,
  nowMs: number,
): BenchEvent {
  return {
    app_id: app,
    message_id: `${prefix}${connection}-${Math.floor(place / stages.length)}`,
    event: stages[place % stages.length]!,
    event_id: String(place),
    created_at: new Date(nowMs).toISOString(),
  };
}

/** Of an event that Mars has: the connection, and the place among its events. */
export function placeOf(
  prefix: string,
  { message_id, event_id }: { readonly message_id: string; readonly event_id: string | null },
): { readonly connection: number; readonly place: number } {
  const [connection = ""] = message_id.slice(prefix.length).split("-");
  return { connection: Number(connection), place: Number(event_id ?? Number.NaN) };
}
