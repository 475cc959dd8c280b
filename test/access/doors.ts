/** A Mars that asks for keys, and the ways in. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestMars } from "../support/mars.ts";

export const adminKey = "an-admin-key-of-more-than-32-characters";

export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** The token of who can read the data directory. */
export async function localToken({ dataDir }: Pick<TestMars, "dataDir">): Promise<string> {
  return (await readFile(join(dataDir, "admin-token"), "utf8")).trim();
}

/** What came back over REST. */
export interface Called {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly errors?: { readonly field: string }[] };
}

/** @param request method and path, such as `GET /api/keys` */
export async function call(
  { url }: Pick<TestMars, "url">,
  request: string,
  token: string,
  body?: unknown,
): Promise<Called> {
  const [method = "", path = ""] = request.split(" ");
  const response = await fetch(url + path, {
    method,
    headers: { ...bearer(token), ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Called["body"] };
}
