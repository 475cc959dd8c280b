/** The callers of the matrix, and a naive rule for what each of them may do. It knows nothing of the code under test. */
import { expect } from "bun:test";
import type { TestMars } from "../support/mars.ts";
import { until } from "../support/until.ts";
import { adminKey, call } from "./doors.ts";

/** The codes of RPC, by which answers are compared at every door. */
export const ok = 0;
export const notFound = 5;
export const denied = 7;
export const unknown = 16;

/** All that the matrix is about belongs to this app, or to one whose id begins so. */
export const ownApp = "aurora";

export interface MatrixCaller {
  readonly name: string;
  /** Absent: none is sent. */
  readonly token?: string;
  /** Absent where the caller is nobody. */
  readonly kind?: "in" | "ro" | "rw" | "ad";
  readonly apps: "all" | "own" | "other" | "none";
}

const scopesOf = {
  in: ["ingest"],
  ro: ["read"],
  rw: ["read", "write"],
  ad: ["ingest", "read", "write", "admin"],
} as const;

/** What keys are for. */
export const patterns = { all: ["*"], own: [ownApp, `${ownApp}-*`], other: ["other", "other-*"] } as const;

export function hasScope({ kind }: MatrixCaller, scope: string): boolean {
  return kind !== undefined && (scopesOf[kind] as readonly string[]).includes(scope);
}

/** Whether the caller has rights for the app that the matrix is about. */
export function hasOwn({ apps }: MatrixCaller): boolean {
  return apps === "all" || apps === "own";
}

/** The codes of callers that are nobody, and of those whose kind is not for it; `undefined` for all others. */
export function codeByScope(caller: MatrixCaller, scope: string): number | undefined {
  if (caller.kind === undefined) return unknown;
  return hasScope(caller, scope) ? undefined : denied;
}

export async function makeCallers(mars: TestMars): Promise<readonly MatrixCaller[]> {
  const make = async (fields: object): Promise<{ id: string; token: string }> => {
    const { status, body } = await call(mars, "POST /api/keys", adminKey, { name: "matrix", ...fields });
    expect(status).toBe(200);
    return body as unknown as { id: string; token: string };
  };
  const all = { kind: "ad", apps: ["*"] };
  const revoked = await make(all);
  await call(mars, `DELETE /api/keys/${revoked.id}`, adminKey);
  const expired = await make({ ...all, expires_at: new Date(Date.now() + 200).toISOString() });
  await until(async () => (await call(mars, "GET /api/apps", expired.token)).status === 401);
  const nobody: MatrixCaller[] = [
    { name: "no key", apps: "none" },
    { name: "a wrong key", token: "mars_ad_000000000000000000000000000000000000", apps: "none" },
    { name: "a revoked key", token: revoked.token, apps: "none" },
    { name: "an expired key", token: expired.token, apps: "none" },
  ];
  const keys: MatrixCaller[] = [{ name: "MARS_ADMIN_KEY", token: adminKey, kind: "ad", apps: "all" }];
  for (const kind of ["in", "ro", "rw", "ad"] as const) {
    for (const apps of ["all", "own", "other"] as const) {
      const { token } = await make({ kind, apps: patterns[apps] });
      keys.push({ name: `${kind} for ${apps}`, token, kind, apps });
    }
  }
  return [...nobody, ...keys];
}
