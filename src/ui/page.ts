/** The entry of the page: asks who it is, and shows the view of the address or the sign-in. */
import { showAccount, whoAmI } from "./account.ts";
import { ApiError, signedOut } from "./api.ts";
import { byId } from "./dom.ts";
import { showHome } from "./home-view.ts";
import { showSearch } from "./search-view.ts";
import { showSignIn } from "./sign-in-view.ts";

async function start(): Promise<void> {
  try {
    showAccount(await whoAmI());
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      return showSignIn(error.status === 403 ? error.message : undefined);
    }
    // The view says that Mars does not answer, and goes on when it does.
  }
  signedOut.addEventListener("end", () => void showSignIn("Your session has ended."), { once: true });
  showView();
}

function showView(): void {
  const query = new URLSearchParams(location.search);
  const id = query.get("message_id") ?? "";
  const appId = query.get("app_id") || undefined;
  if (id === "") {
    showHome();
  } else {
    (byId("query") as HTMLInputElement).value = id;
    void showSearch(id, appId);
  }
}

void start();
