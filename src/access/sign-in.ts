/** Signs people in: who shows a key gets a session with its rights, and who signs in at the issuer one by their roles. */
import { MarsError } from "../core/error.ts";
import type { Identity } from "../core/identity.ts";
import type { Log } from "../core/ports.ts";
import { roleOf } from "../core/role.ts";
import type { Access, Credentials } from "./access.ts";
import { hashOf } from "./key-token.ts";
import type { Oidc, Person } from "./oidc.ts";
import { credentialAt } from "./session.ts";
import type { IssuedSession, NewSession } from "./session-ring.ts";
import type { SignInStats } from "./sign-in-attempts.ts";

export interface SignInContext {
  /** Where the browser calls from. */
  readonly address: string;
  readonly headers: Credentials;
}

type SignInAccess = Pick<
  Access,
  "identifyToken" | "sessionSecretOf" | "secureOnly" | "people" | "sessions" | "attempts"
>;

export interface SignInOptions {
  readonly access: SignInAccess;
  /** Where people sign in elsewhere. */
  readonly oidc?: Oidc | undefined;
  readonly log: Pick<Log, "info" | "warn">;
}

export class SignIn {
  readonly #access: SignInAccess;
  readonly #log: Pick<Log, "info" | "warn">;
  readonly oidc: Oidc | undefined;

  constructor({ access, oidc, log }: SignInOptions) {
    this.#access = access;
    this.#log = log;
    this.oidc = oidc;
  }

  get stats(): SignInStats & { readonly sessions: number } {
    const { sessions, attempts } = this.#access;
    return { sessions: sessions.size, ...attempts.stats };
  }

  /** Whether browsers reach Mars by TLS alone. */
  get secureOnly(): boolean {
    return this.#access.secureOnly;
  }

  /** The secret of the session that the browser has. */
  sessionSecretOf(headers: Credentials): string | undefined {
    return this.#access.sessionSecretOf(headers);
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
    const { address, headers } = context;
    const before = this.#access.sessionSecretOf(headers);
    return this.#begin({ owner, name, credential: hashOf(token), claims: [], address }, before);
  }

  /**
   * @param before the secret of the session that the browser had when it went to the issuer
   * @throws `MarsError("permission_denied")` for a person without a role
   */
  async byPerson(
    { subject, name, groups }: Person,
    address: string,
    before?: string,
  ): Promise<IssuedSession> {
    const { roles = [], issuer = "" } = this.#access.people ?? {};
    const named = new Set(roles.map(({ value }) => value));
    const granted: NewSession = {
      owner: `person:${subject}`,
      name,
      credential: credentialAt(issuer),
      claims: groups.filter((group) => named.has(group)),
      address,
    };
    if (roleOf(roles, granted.claims) === undefined) {
      this.#log.warn("sign-in refused, the person has no role", {
        event: "sign_in_refused",
        subject,
        address,
      });
      throw new MarsError(
        "permission_denied",
        `${name} has no role in this Mars: an administrator gives one by MARS_OIDC_ROLES, or at the issuer`,
      );
    }
    return this.#begin(granted, before);
  }

  /** Ends the session of the request's cookie, if there is one. */
  async signOut(headers: Credentials): Promise<void> {
    this.#endBefore(this.#access.sessionSecretOf(headers), "signed out");
    await this.#access.sessions.flush().catch(storedLater);
  }

  /**
   * A sign-in never goes on with a session that was there before: who has put its cookie into the browser would know it. That
   * session ends.
   */
  async #begin(granted: NewSession, before: string | undefined): Promise<IssuedSession> {
    const { sessions } = this.#access;
    this.#endBefore(before, "another sign-in has replaced this session");
    const issued = sessions.create(granted);
    if (issued === undefined) throw new MarsError("unauthenticated", "this key has ended");
    await sessions.flush().catch(storedLater);
    const { id, owner, address } = issued.session;
    this.#log.info("signed in", { event: "signed_in", session: id, owner, address });
    return issued;
  }

  #endBefore(secret: string | undefined, message: string): void {
    const { sessions } = this.#access;
    const session = secret === undefined ? undefined : sessions.sessionOf(secret);
    if (session !== undefined) sessions.end(session.id, message);
  }
}

/** People sign in and out while the database is away. It is written as soon as it is back; a crash before costs a sign-in. */
function storedLater(): void {}
