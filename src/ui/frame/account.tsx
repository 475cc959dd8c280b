/** Who uses the page, with the way out. */
import { useSignal } from "@preact/signals";
import { account, isSignedIn } from "../data/account.ts";
import { ApiError, send } from "../data/call.ts";
import { say } from "./toasts.tsx";

export function AccountMenu() {
  const leaving = useSignal(false);
  const who = account();
  if (who === undefined || !isSignedIn()) return null;
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
      <span dir="auto" title={who.name}>
        {who.name}
      </span>
      <button type="button" class="button quiet" disabled={leaving.value} onClick={leave}>
        Sign out
      </button>
    </div>
  );
}

export function OpenWarning() {
  if (!account()?.open_to_all) return null;
  return (
    <p class="warning" role="alert">
      Anyone who reaches this address can read and change everything.
    </p>
  );
}
