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
}

/** Longer than any call takes: to learn a lifecycle takes 45 s at most. */
const timeoutMs = 120_000;

/** @param agent names this program to the server */
export async function call(
  { url, key, tls }: Client,
  { method, path, body }: Request,
  agent: string,
): Promise<Answer | Refusal> {
  let response: Response;
  let text: string;
  try {
    const init = {
      method,
      headers: {
        accept: "application/json",
        "user-agent": agent,
        ...(key !== undefined && { authorization: `Bearer ${key.text}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body }),
      signal: AbortSignal.timeout(timeoutMs),
    };
    if (tls === undefined) {
      // A key is for the server that was named.
      response = await fetch(url + path, { ...init, redirect: "manual" });
    } else {
      const { pinnedFetch } = await import("./pinned-fetch.ts");
      response = await pinnedFetch(url + path, init, tls);
    }
    text = await response.text();
  } catch (error) {
    return { ok: false, sentences: [`cannot reach ${url}: ${reasonOf(error)}`] };
  }
  const { status, headers } = response;
  if (status >= 300 && status < 400) {
    const target = headers.get("location") ?? "nowhere";
    return refusal(`${url} redirects to ${target}: set MARS_URL to the address that answers`);
  }
  const json = /^application\/(problem\+)?json\b/.test(headers.get("content-type") ?? "");
  const value = json ? parsedObject(text) : undefined;
  if (value === undefined) {
    return refusal(`${url} answers ${status}, and not in JSON: no Mars is there, or not at this path`);
  }
  if (response.ok) return { ok: true, text, value };
  return refusal(...problemOf(value, status), ...(status === 401 ? [keyHint(key)] : []));
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
