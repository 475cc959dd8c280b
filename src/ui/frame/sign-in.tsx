/** The sign-in: by a key, or at the issuer where there is one. The address stays, and shows its screen afterwards. */
import { door } from "../data/account.ts";
import { KeyForm } from "./key-form.tsx";

/** @param reason why it is shown, where the user did not expect it */
export function SignIn({ reason }: { reason?: string }) {
  const issuer = door.value?.issuer;
  return (
    <main id="main" class="sign-in" tabIndex={-1}>
      <h1>Sign in to Mars</h1>
      {issuer && (
        <>
          <a class="button primary" href={issuerAddress(issuer.path)}>
            Sign in with {issuer.host}
          </a>
          <p class="or">or by a key</p>
        </>
      )}
      <KeyForm {...(reason !== undefined && { reason })} signedIn={() => location.reload()} />
    </main>
  );
}

function issuerAddress(path: string): string {
  return `${path}?${new URLSearchParams({ return_to: location.pathname + location.search })}`;
}
