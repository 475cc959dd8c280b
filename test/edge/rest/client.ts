/** Plain HTTP calls on a Mars, and what its answers hold. */

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body; `undefined` when there is none. */
  readonly body: Json;
}

// What an answer holds is for its test to say.
// biome-ignore lint/suspicious/noExplicitAny: tests look into answers by path
export type Json = any;

export async function get(url: string, init: RequestInit = {}): Promise<Answer> {
  return answerOf(await fetch(url, init));
}

/** Posts `body`: a text or bytes as they are, anything else as JSON. */
export async function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = { "content-type": "application/json" },
): Promise<Answer> {
  const raw = typeof body === "string" || body instanceof Uint8Array || body instanceof ReadableStream;
  return answerOf(
    await fetch(url, {
      method: "POST",
      body: raw ? (body as RequestInit["body"]) : JSON.stringify(body),
      headers,
    }),
  );
}

/** One event, valid unless `fields` say otherwise. */
export function event(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { app_id: "shop", message_id: "m-1", event: "created", ...fields };
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}
