/** Who uses the page, and what they may do. */
import { signal } from "@preact/signals";
import { ApiError, send } from "./call.ts";

/** The caller that Mars takes the page for. */
export interface Account {
  readonly id: string;
  readonly name: string;
  readonly kind: "in" | "ro" | "rw" | "ad";
  /** Patterns: `shop`, `shop-*`, `*`. */
  readonly apps: readonly string[];
  /** Whether everyone who reaches Mars may do everything, from other machines too. */
  readonly open_to_all: boolean;
}

/** The answer of `GET /api/sign-in`: how people can sign in, and who has. */
export interface Door {
  readonly issuer: { readonly host: string; readonly path: string } | null;
  readonly caller: Account | null;
  /** Where a trace is shown, with `{trace_id}` in it; null where that is not known. */
  readonly trace_url: string | null;
  /** The origin under which others reach Mars; null where that is not known. */
  readonly public_url: string | null;
}

/** Absent until Mars has said it. */
export const door = signal<Door | undefined>(undefined);
/** Why Mars has not said it yet. */
export const doorFault = signal<ApiError | undefined>(undefined);

const retryFirstMs = 500;
const retryLastMs = 15_000;

/**
 * Asks until Mars answers. Nothing else is read before: it would be refused to who has to sign in first.
 *
 * @param before what is awaited before the answer is shown
 */
export async function askDoor(before?: (door: Door) => Promise<void>): Promise<void> {
  for (let retryMs = retryFirstMs; ; retryMs = Math.min(retryMs * 2, retryLastMs)) {
    try {
      const answer = (await send("GET", "/api/sign-in")) as Door;
      await before?.(answer);
      door.value = answer;
      doorFault.value = undefined;
      return;
    } catch (error) {
      doorFault.value = error instanceof ApiError ? error : new ApiError(0, String(error));
    }
    await new Promise((done) => setTimeout(done, retryMs));
  }
}

/** Whether it is the same person or key with the same rights, in another session too. */
export function isSame(one: Account, other: Account): boolean {
  const rights = ({ name, kind, apps }: Account) => JSON.stringify([name, kind, apps]);
  return rights(one) === rights(other);
}

export function account(): Account | undefined {
  return door.value?.caller ?? undefined;
}

/** Where others reach Mars, for addresses that are given to them: this page's own origin where Mars knows no other. */
export function publicOrigin(): string {
  return door.value?.public_url ?? location.origin;
}

/** Whether the user is signed in, and so can sign out. */
export function isSignedIn(): boolean {
  return account()?.id.startsWith("session:") ?? false;
}

/** Whether the user has the scope. Mars decides; the page leaves out what would be refused. */
export function may(scope: "write" | "admin"): boolean {
  const kind = account()?.kind;
  return kind === "ad" || (scope === "write" && kind === "rw");
}

/** Whether the user has rights for all apps, as for what is of none. */
export function mayAllApps(): boolean {
  return account()?.apps.includes("*") ?? false;
}
