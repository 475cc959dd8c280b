/** Calls of one Mars, and events in bulk. */
import type { Mars } from "../bench.ts";
import type { PatternEvent } from "./pattern.ts";

const requestEvents = 5_000;
/** The store and the projector rest the filler when they are so many events behind. */
const behindMax = 200_000;

/** @returns the answer's JSON. Throws for any other status than 200 and 201 */
export async function call(
  mars: Pick<Mars, "url">,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(`${mars.url}${path}`, {
    method,
    headers: { "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

export async function sendEvents(mars: Mars, events: Iterable<PatternEvent>): Promise<void> {
  let batch: PatternEvent[] = [];
  const send = async () => {
    await call(mars, "POST", "/api/event/bulk", { events: batch });
    batch = [];
    while (await isBehind(mars)) await Bun.sleep(20);
  };
  for (const event of events) {
    batch.push(event);
    if (batch.length === requestEvents) await send();
  }
  if (batch.length > 0) await send();
}

async function isBehind(mars: Mars): Promise<boolean> {
  const { store, projector } = await mars.stats();
  return store.behind + projector.behind > behindMax;
}
