/** Who uses the page: in the header, with the way out. */
import { ApiError, call } from "./api.ts";
import { byId, element } from "./dom.ts";

/** The caller that Mars takes the page for. */
export interface Account {
  readonly id: string;
  readonly name: string;
  /** Whether everyone who reaches Mars may do everything, from other machines too. */
  readonly open_to_all: boolean;
}

/** Rejects with `ApiError`: 401 where the user must sign in first. */
export function whoAmI(): Promise<Account> {
  return call<Account>("GET", "/api/session");
}

export function showAccount({ id, name, open_to_all }: Account): void {
  if (open_to_all) showWarning();
  if (!id.startsWith("session:")) return;
  const button = element("button", { type: "button", class: "quiet" }, "Sign out");
  button.onclick = async () => {
    button.disabled = true;
    try {
      await call("DELETE", "/api/sessions/current");
      location.reload();
    } catch (error) {
      button.disabled = false;
      button.textContent = error instanceof ApiError ? `Not signed out: ${error.message}` : String(error);
    }
  };
  byId("account").replaceChildren(element("span", { title: name }, name), button);
}

function showWarning(): void {
  const text = "Anyone who reaches this address can read and change everything.";
  byId("main").before(element("p", { class: "warning", role: "alert" }, text));
}
