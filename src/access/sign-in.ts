/** Signs people in: who shows that a key is theirs gets a session with its rights. */
import { MarsError } from "../core/error.ts";
import type { Identity } from "../core/identity.ts";
import type { Log } from "../core/ports.ts";
import type { Access, Credentials } from "./access.ts";
import { hashOf } from "./key-token.ts";
import type { Session } from "./session.ts";
import type { IssuedSession } from "./session-ring.ts";
import type { SignInStats } from "./sign-in-attempts.ts";

export interface SignInContext {
  /** Where the browser calls from. */
  readonly address: string;
  readonly headers: Credentials;
}

type SignInAccess = Pick<
  Access,
  "identifyToken" | "sessionSecretOf" | "secureOnly" | "sessions" | "attempts"
>;

export class SignIn {
  readonly #access: SignInAccess;
  readonly #log: Pick<Log, "info">;

  constructor(access: SignInAccess, log: Pick<Log, "info">) {
    this.#access = access;
    this.#log = log;
  }

  get stats(): SignInStats & { readonly sessions: number } {
    const { sessions, attempts } = this.#access;
    return { sessions: sessions.size, ...attempts.stats };
  }

  /** Whether browsers reach Mars by TLS alone. */
  get secureOnly(): boolean {
    return this.#access.secureOnly;
  }

  /**
   * @param token the text of a key
   * @throws `MarsError` `overloaded` for an address that has failed too often, `unauthenticated` for a text that is no key,
   * `permission_denied` for a key that cannot read
   */
  async byKey(token: string, context: SignInContext): Promise<IssuedSession> {
    const { attempts } = this.#access;
    attempts.assertMayTry(context.address);
    let key: Identity;
    try {
      key = this.#access.identifyToken(token);
    } catch (error) {
      if (error instanceof MarsError && error.code === "unauthenticated") attempts.failed(context.address);
      throw error;
    }
    key.assertMay("read");
    const { id: owner, name } = key;
    return this.#begin({ owner, name, credential: hashOf(token), claims: [] }, context);
  }

  /** Ends the session of the request's cookie, if there is one. */
  async signOut(headers: Credentials): Promise<void> {
    this.#endBefore(headers, "signed out");
    await this.#access.sessions.flush().catch(storedLater);
  }

  /**
   * A sign-in never goes on with a session that was there before: who has put its cookie into the browser would know it. That
   * session ends.
   */
  async #begin(
    granted: Pick<Session, "owner" | "name" | "credential" | "claims">,
    { address, headers }: SignInContext,
  ): Promise<IssuedSession> {
    const { sessions } = this.#access;
    this.#endBefore(headers, "another sign-in has replaced this session");
    const issued = sessions.create({ ...granted, address });
    if (issued === undefined) throw new MarsError("unauthenticated", "this key has ended");
    await sessions.flush().catch(storedLater);
    const { id, owner } = issued.session;
    this.#log.info("signed in", { event: "signed_in", session: id, owner, address });
    return issued;
  }

  #endBefore(headers: Credentials, message: string): void {
    const { sessions } = this.#access;
    const secret = this.#access.sessionSecretOf(headers);
    const session = secret === undefined ? undefined : sessions.sessionOf(secret);
    if (session !== undefined) sessions.end(session.id, message);
  }
}

/** People sign in and out while the database is away. It is written as soon as it is back; a crash before costs a sign-in. */
function storedLater(): void {}
