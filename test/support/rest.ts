/** Talks REST to a Mars under test. */
import type { Stats } from "../../src/runtime/stats.ts";

export interface RestEvent {
  readonly app_id: string;
  readonly message_id: string;
  readonly event: string;
  readonly created_at?: string;
  readonly event_id?: string;
  readonly external_id?: string;
  readonly parent_id?: string;
  readonly traceparent?: string;
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** Sends one event and returns its seq; throws unless it was accepted. */
export async function send(url: string, event: RestEvent): Promise<number> {
  return seqOf(await postJson(`${url}/api/event`, event));
}

/** Sends events in one request and returns the seq of the last; throws unless all were accepted. */
export async function sendBulk(url: string, events: readonly RestEvent[]): Promise<number> {
  return seqOf(await postJson(`${url}/api/event/bulk`, { events }));
}

export function postJson(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** The JSON of a GET that must succeed. */
export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (response.status !== 200) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

export function messageUrl(url: string, appId: string, messageId: string): string {
  return `${url}/api/apps/${encodeURIComponent(appId)}/messages/${encodeURIComponent(messageId)}`;
}

async function seqOf(response: Response): Promise<number> {
  const answer = (await response.json()) as { success: boolean; seq: number };
  if (response.status !== 200 || !answer.success)
    throw new Error(`${response.status} ${JSON.stringify(answer)}`);
  return answer.seq;
}

/** Waits until the stats satisfy `done`; throws with the last ones after `timeoutMs`. */
export async function statsWhen(
  url: string,
  done: (stats: Stats) => boolean,
  timeoutMs = 20_000,
): Promise<Stats> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const stats = await getJson<Stats>(`${url}/api/q/stats`);
    if (done(stats)) return stats;
    if (Date.now() > end) throw new Error(`not reached within ${timeoutMs} ms: ${JSON.stringify(stats)}`);
    await Bun.sleep(10);
  }
}
