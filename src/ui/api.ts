/** The REST calls of the page, and their answers. */
import type {
  EventJson,
  InstanceJson,
  MessageJson,
  MessagePageJson,
  MessageSummaryJson,
} from "../api/message-answers.ts";

export type Summary = MessageSummaryJson;
export type State = Summary["state"];
export type Page = MessagePageJson;
/** With a page of its events, the newest first. */
export type Message = MessageJson;
/** A message's stages by its app's lifecycle. */
export type Lifecycle = InstanceJson;

export interface TimelineEvent extends Omit<EventJson, "duplicates"> {
  /** Absent on live events. */
  readonly duplicates?: number;
  /** Only on live events: the seq of the event that a repeat has changed into this one. */
  readonly replaces?: number;
}

/** A call that failed, with a message for the user. */
export class ApiError extends Error {
  readonly status: number;

  /** @param status 0 where no answer came */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function listMessages(query: Readonly<Record<string, string>>): Promise<Page> {
  return get<Page>(`/api/messages?${new URLSearchParams(query)}`);
}

/**
 * A message with its newest events; `undefined` for one without events.
 *
 * @param page number of events, and the cursor; default: as many as the page shows at once
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
  try {
    return await call<Answer>("GET", path);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) signedOut.dispatchEvent(new Event("end"));
    throw error;
  }
}

/** Has an event `end` when a session has ended, and the page can read nothing more. */
export const signedOut = new EventTarget();

/** Calls Mars, with the cookie of the session. Rejects with `ApiError`. */
export async function call<Answer>(method: string, path: string, sent?: object): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: {
        Accept: "application/json",
        ...(sent !== undefined && { "Content-Type": "application/json" }),
      },
      ...(sent !== undefined && { body: JSON.stringify(sent) }),
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
