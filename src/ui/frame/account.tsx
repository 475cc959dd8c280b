/** Who uses the page, with the way out. */
import { signal, useSignal } from "@preact/signals";
import { ApiError, send } from "../data/call.ts";
import { say } from "./toasts.tsx";

/** The caller that Mars takes the page for. */
export interface Account {
  readonly id: string;
  readonly name: string;
  /** Whether everyone who reaches Mars may do everything, from other machines too. */
  readonly open_to_all: boolean;
}

export const account = signal<Account | undefined>(undefined);

/** Rejects with `ApiError`: 401 where the user must sign in first. */
export async function readAccount(): Promise<void> {
  account.value = (await send("GET", "/api/session")) as Account;
}

export function AccountMenu() {
  const leaving = useSignal(false);
  const who = account.value;
  if (who === undefined || !who.id.startsWith("session:")) return null;
  const leave = async () => {
    leaving.value = true;
    try {
      await send("DELETE", "/api/sessions/current");
      location.reload();
    } catch (error) {
      leaving.value = false;
      say(`Not signed out: ${error instanceof ApiError ? error.message : String(error)}`);
    }
  };
  return (
    <div class="account" id="account">
      <span title={who.name}>{who.name}</span>
      <button type="button" class="button quiet" disabled={leaving.value} onClick={leave}>
        Sign out
      </button>
    </div>
  );
}

export function OpenWarning() {
  if (!account.value?.open_to_all) return null;
  return (
    <p class="warning" role="alert">
      Anyone who reaches this address can read and change everything.
    </p>
  );
}
