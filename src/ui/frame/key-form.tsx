/** The form that makes a session of a key. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { ApiError, send } from "../data/call.ts";

interface KeyFormProps {
  /** Said until a key is sent. */
  readonly reason?: string;
  signedIn(): unknown;
}

export function KeyForm({ reason, signedIn }: KeyFormProps) {
  const problem = useSignal(reason ?? "");
  const sending = useSignal(false);
  const key = useRef<HTMLInputElement>(null);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    sending.value = true;
    problem.value = "";
    try {
      await send("POST", "/api/sessions", { token: key.current?.value.trim() });
      await signedIn();
    } catch (error) {
      problem.value = problemOf(error);
      key.current?.select();
    } finally {
      sending.value = false;
    }
  };
  return (
    <form action="/" method="post" onSubmit={submit}>
      <p class="problem" role="alert">
        {problem}
      </p>
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
  );
}

function problemOf(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status === 401) return "No key of this Mars: it may be misspelt, revoked or over.";
  return error.message;
}
