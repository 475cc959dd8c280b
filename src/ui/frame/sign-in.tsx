/** The sign-in: by a key, or at the issuer where there is one. The address stays, and shows its screen afterwards. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { door } from "../data/account.ts";
import { ApiError, send } from "../data/call.ts";

/** @param reason why it is shown, where the user did not expect it */
export function SignIn({ reason }: { reason?: string }) {
  const problem = useSignal(reason ?? "");
  const sending = useSignal(false);
  const key = useRef<HTMLInputElement>(null);
  const issuer = door.value?.issuer;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    sending.value = true;
    problem.value = "";
    try {
      await send("POST", "/api/sessions", { token: key.current?.value.trim() });
      location.reload();
    } catch (error) {
      sending.value = false;
      problem.value = problemOf(error);
      key.current?.select();
    }
  };
  return (
    <main id="main" class="sign-in" tabIndex={-1}>
      <h1>Sign in to Mars</h1>
      <p class="problem" role="alert">
        {problem}
      </p>
      {issuer && (
        <>
          <a class="button primary" data-load="" href={issuerAddress(issuer.path)}>
            Sign in with {issuer.host}
          </a>
          <p class="or">or by a key</p>
        </>
      )}
      <form action="/" method="post" onSubmit={submit}>
        <label for="key">Key</label>
        <div class="row">
          <input
            ref={key}
            id="key"
            type="password"
            required
            autoFocus
            autoComplete="current-password"
            spellcheck={false}
            aria-describedby="key-hint"
          />
          <button class="button" type="submit" disabled={sending.value}>
            Sign in
          </button>
        </div>
        <p id="key-hint" class="hint">
          A key of this Mars that may read. This browser keeps a session, and not the key.
        </p>
      </form>
    </main>
  );
}

function issuerAddress(path: string): string {
  return `${path}?${new URLSearchParams({ return_to: location.pathname + location.search })}`;
}

function problemOf(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status === 401) return "No key of this Mars: it may be misspelt, revoked or over.";
  return error.message;
}
