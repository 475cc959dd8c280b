/**
 * The sign-in over a screen whose session has ended. What is typed there stays, and so does all that is open; none of it can be seen
 * meanwhile. Another person or key gets a page of its own.
 */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { account, type Door, door, isSame } from "../data/account.ts";
import { send, sessionOver } from "../data/call.ts";
import { KeyForm } from "./key-form.tsx";

export function SignInAgain() {
  const element = useRef<HTMLDialogElement>(null);
  const before = useRef(account());
  useLayoutEffect(() => {
    const dialog = element.current!;
    dialog.showModal();
    // Closed, and not only taken away: the focus goes back to where it was.
    return () => dialog.close();
  }, []);

  const signedIn = async () => {
    const next = (await send("GET", "/api/sign-in")) as Door;
    if (next.caller === null) return;
    if (before.current === undefined || !isSame(before.current, next.caller)) return location.reload();
    door.value = next;
    sessionOver.value = false;
  };
  useEffect(() => {
    // Signed in meanwhile, in another tab of this browser.
    const look = () => {
      // Without an answer it is looked at again the next time.
      if (document.visibilityState === "visible") void signedIn().catch(() => undefined);
    };
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);

  const issuer = door.value?.issuer;
  return (
    <dialog
      ref={element}
      class="dialog sign-in-again"
      aria-labelledby="again-title"
      onCancel={(event) => event.preventDefault()}
      onClose={() => {
        // A browser closes it at the second Escape in any case.
        if (element.current?.isConnected) element.current.showModal();
      }}
    >
      <div class="inside sign-in">
        <h2 id="again-title">Your session has ended</h2>
        <p>Sign in again to go on here. What you have typed is kept.</p>
        {issuer && (
          <>
            <a class="button primary" target="_blank" rel="noopener" href={`${issuer.path}?return_to=/`}>
              Sign in with {issuer.host}, in another tab
            </a>
            <p class="or">and come back here, or use a key</p>
          </>
        )}
        <KeyForm signedIn={signedIn} />
      </div>
    </dialog>
  );
}
