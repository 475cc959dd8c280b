/** Sends a request to a Mars, and reads its answer or its refusal. */
import type { Client } from "../config/client.ts";
import { parsedObject, type Request } from "./request.ts";

export interface Answer {
  readonly ok: true;
  /** The JSON as it was sent. */
  readonly text: string;
  readonly value: object;
}

export interface Refusal {
  readonly ok: false;
  /** The reason, and what is wrong with which field. */
  readonly sentences: readonly string[];
  /** The answer, where one came in JSON. */
  readonly value?: object;
}

/** Longer than any call takes: to learn a lifecycle takes 45 s at most. */
const timeoutMs = 120_000;

/**
 * @param agent names this program to the server
 * @param signal gives the call up
 */
export async function call(
  client: Client,
  request: Request,
  agent: string,
  signal?: AbortSignal,
): Promise<Answer | Refusal> {
  const late = AbortSignal.timeout(timeoutMs);
  let response: Response;
  let text: string;
  try {
    response = await exchange(client, request, {
      agent,
      signal: signal === undefined ? late : AbortSignal.any([late, signal]),
    });
    text = await response.text();
  } catch (error) {
    return { ok: false, sentences: [unreached(client, error)] };
  }
  return answerOf(client, response, text);
}

export interface ExchangeOptions {
  readonly agent: string;
  readonly signal: AbortSignal;
  /** Headers beside those of every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request. Rejects where no answer comes, and with the signal's reason. */
export async function exchange(
  { url, key, tls }: Client,
  { method, path, body }: Request,
  { agent, signal, headers }: ExchangeOptions,
): Promise<Response> {
  const init = {
    method,
    headers: {
      accept: "application/json",
      "user-agent": agent,
      ...(key !== undefined && { authorization: `Bearer ${key.text}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body }),
    signal,
  };
  // A key is for the server that was named.
  if (tls === undefined) return fetch(url + path, { ...init, redirect: "manual" });
  const { pinnedFetch } = await import("./pinned-fetch.ts");
  return pinnedFetch(url + path, init, tls);
}

/** The sentence for a failure of `exchange`. */
export function unreached({ url }: Client, error: unknown): string {
  return `cannot reach ${url}: ${reasonOf(error)}`;
}

/** @param text the body of the response */
export function answerOf(
  { url, key }: Client,
  { ok, status, headers }: Response,
  text: string,
): Answer | Refusal {
  if (status >= 300 && status < 400) {
    const target = headers.get("location") ?? "nowhere";
    return refusal(`${url} redirects to ${target}: set MARS_URL to the address that answers`);
  }
  const json = /^application\/(problem\+)?json\b/.test(headers.get("content-type") ?? "");
  const value = json ? parsedObject(text) : undefined;
  if (value === undefined) {
    return refusal(`${url} answers ${status}, and not in JSON: no Mars is there, or not at this path`);
  }
  if (ok) return { ok: true, text, value };
  return { ...refusal(...problemOf(value, status), ...(status === 401 ? [keyHint(key)] : [])), value };
}

function refusal(...sentences: string[]): Refusal {
  return { ok: false, sentences };
}

interface Problem {
  readonly detail?: unknown;
  readonly errors?: readonly { readonly field?: unknown; readonly message?: unknown }[];
}

/** The detail names the first field at fault; all of them follow where there are several. */
function problemOf({ detail = "refused", errors = [] }: Problem, status: number): string[] {
  const fields =
    errors.length > 1 ? errors.map(({ field, message }) => `  ${field || "body"} ${message}`) : [];
  return [`${detail} (${status})`, ...fields];
}

function keyHint(key: Client["key"]): string {
  return key === undefined
    ? "give a key by MARS_KEY, MARS_KEY_FILE or --key-file"
    : `the key is that of ${key.source}`;
}

/** Bun's sentences say less than the codes. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs / 1_000} s`;
  const { code } = error as { code?: unknown };
  return code === "ConnectionRefused" || code === "ECONNREFUSED"
    ? "nothing listens there: start Mars, or set MARS_URL"
    : `${error.message}${typeof code === "string" ? ` (${code})` : ""}`;
}
