/** What the page asks over REST. */

export type State = "open" | "overdue" | "complete" | "failed";

export interface Summary {
  readonly app_id: string;
  readonly message_id: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly event_count: number;
  readonly last_event: string;
  readonly stages: readonly string[];
  readonly external_ids: readonly string[];
  readonly state: State;
}

/** Where a message stands with each stage of its app's lifecycle. */
export interface Lifecycle {
  readonly stages: readonly {
    readonly stage: string;
    readonly status: string;
    readonly missing_since: string | null;
    readonly late_by_ms: number | null;
  }[];
}

export interface TimelineEvent {
  readonly event: string;
  readonly created_at: string;
  readonly received_at: string;
  readonly seq: number;
  readonly event_id: string | null;
  readonly external_id: string | null;
  readonly attributes: Readonly<Record<string, unknown>> | null;
  /** Absent on events that come live. */
  readonly duplicates?: number;
  /** Only on events that come live: the seq of the event that this one was before a repeat changed it. */
  readonly replaces?: number;
}

export interface Message extends Summary {
  /** A page of them, the newest first. */
  readonly events: readonly TimelineEvent[];
  /** Where the events before these begin. */
  readonly next_cursor: string | null;
  readonly lifecycle: Lifecycle | null;
  readonly as_of_seq: number;
}

export interface Page {
  readonly messages: readonly Summary[];
  readonly as_of_seq: number;
}

/** An answer that is none, in words that can be shown. */
export class ApiError extends Error {
  readonly status: number;

  /** @param status 0 when Mars did not answer at all */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function listMessages(query: Readonly<Record<string, string>>): Promise<Page> {
  return get<Page>(`/api/messages?${new URLSearchParams(query)}`);
}

/**
 * A message with its newest events; `undefined` when nothing is known of it.
 *
 * @param page how many events, and where to go on; without it as many as the page shows at once
 */
export async function getMessage(
  appId: string,
  messageId: string,
  page: { readonly limit?: string; readonly cursor?: string } = {},
): Promise<Message | undefined> {
  const query = new URLSearchParams({ order: "newest", limit: "1000", ...page });
  try {
    return await get<Message>(
      `/api/apps/${encodeURIComponent(appId)}/messages/${encodeURIComponent(messageId)}?${query}`,
    );
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

async function get<Answer>(path: string): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(path, {
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(15_000),
    });
  } catch {
    throw new ApiError(0, "Mars does not answer.");
  }
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && body !== undefined) return body as Answer;
  const { detail } = (body ?? {}) as { readonly detail?: unknown };
  throw new ApiError(
    response.status,
    typeof detail === "string" ? detail : `Mars answered with status ${response.status}.`,
  );
}
