/** The sign-in: by a key, or at the issuer where there is one. The address stays, and shows its view afterwards. */
import { ApiError, call } from "./api.ts";
import { showConnection } from "./connection.ts";
import { byId, element, mainElement } from "./dom.ts";

/** How people can sign in. */
interface Ways {
  readonly issuer: { readonly host: string; readonly path: string } | null;
}

/** @param reason why it is shown, where the user did not expect it */
export async function showSignIn(reason?: string): Promise<void> {
  document.title = "Sign in · Mars";
  showConnection("off");
  byId("account").replaceChildren();
  byId("search").hidden = true;
  const problem = element("p", { class: "problem", role: "alert" }, reason ?? "");
  const key = element("input", {
    id: "key",
    type: "password",
    required: "",
    autocomplete: "current-password",
    spellcheck: "false",
    "aria-describedby": "key-hint",
  });
  const button = element("button", { type: "submit" }, "Sign in");
  const form = element(
    "form",
    { class: "sign-in", action: "/", method: "post" },
    element("label", { for: "key" }, "Key"),
    element("div", { class: "row" }, key, button),
    element(
      "p",
      { id: "key-hint", class: "hint" },
      "A key of this Mars that may read. This browser keeps a session, and not the key.",
    ),
  );
  form.onsubmit = async (submitted) => {
    submitted.preventDefault();
    button.disabled = true;
    problem.textContent = "";
    try {
      await call("POST", "/api/sessions", { token: key.value.trim() });
      location.reload();
    } catch (error) {
      button.disabled = false;
      problem.textContent = problemOf(error);
      key.select();
    }
  };
  const place = element("div", { class: "ways" });
  mainElement().replaceChildren(element("h1", {}, "Sign in"), problem, place, form);
  key.focus();
  // Without an answer there is the key, at least.
  const ways = await call<Ways>("GET", "/api/sign-in").catch(() => undefined);
  if (ways?.issuer)
    place.replaceChildren(issuerLink(ways.issuer), element("p", { class: "or" }, "or by a key"));
}

function issuerLink({ host, path }: NonNullable<Ways["issuer"]>): HTMLElement {
  const query = new URLSearchParams({ return_to: location.pathname + location.search });
  return element("a", { class: "button", href: `${path}?${query}` }, `Sign in with ${host}`);
}

function problemOf(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status === 401) return "No key of this Mars: it may be misspelt, revoked or over.";
  return error.message;
}
