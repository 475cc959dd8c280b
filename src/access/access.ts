/**
 * Who a caller is. Every protocol asks here, with what the caller has sent: a key, or nothing.
 *
 * Without any key Mars serves every caller, on a loopback address only: a first try needs no key. From the first key on, and
 * on every other address, a caller needs one.
 */
import { join } from "node:path";
import { MarsError } from "../core/error.ts";
import { createAnonymous, Identity } from "../core/identity.ts";
import { localTokenName } from "../core/local-token.ts";
import type { Log } from "../core/ports.ts";
import { type Role, roleOf } from "../core/role.ts";
import { replaceFile } from "../runtime/replace-file.ts";
import type { IssuedKey, NewKey } from "./issue-key.ts";
import type { Key, KeyStore } from "./key.ts";
import { KeyRing } from "./key-ring.ts";
import { createToken, hashOf, isToken } from "./key-token.ts";
import { KeysFile } from "./keys-file.ts";
import { credentialAt, type Grant, type SessionStore } from "./session.ts";
import { sessionSecretIn } from "./session-cookie.ts";
import { type Rights, SessionRing } from "./session-ring.ts";
import { SignInAttempts } from "./sign-in-attempts.ts";
import { Tickets } from "./tickets.ts";

/**
 * What a request is for. `change`: it changes something, or opens a socket. Browsers send cookies with what pages from elsewhere
 * begin, too: so a cookie is only good for that where Mars' own page has sent it.
 */
export type Use = "read" | "change";

/** What identifies a caller, as it was sent. */
export interface Credentials {
  /** A header's value, or a metadata entry's. */
  get(name: string): string | null;
}

export interface AccessOptions {
  /** Of the data directory. */
  readonly directory: string;
  readonly store: KeyStore & SessionStore;
  /** Empty for none. */
  readonly adminKey: string;
  /** What people may do who sign in at this issuer. */
  readonly people?: { readonly issuer: string; readonly roles: readonly Role[] } | undefined;
  /** Whether callers without a key are served wherever Mars listens. */
  readonly anonymous: boolean;
  /** Whether Mars listens on a loopback address. */
  readonly loopback: boolean;
  /** Whether browsers reach Mars by TLS alone. */
  readonly secureOnly: boolean;
  /** Whether these headers come from Mars' own page. */
  readonly fromOwnPage: (headers: Credentials) => boolean;
  readonly log: Pick<Log, "info" | "warn">;
}

export class Access {
  readonly #options: AccessOptions;
  readonly #ring: KeyRing;
  readonly sessions: SessionRing;
  readonly attempts: SignInAttempts;
  readonly tickets = new Tickets();
  /** All callers without a key, as long as none is needed. */
  #anonymous = createAnonymous();
  /** Whether the database was asked for its keys, with success or not. */
  #asked = false;
  /** By hash: identities that are no key of the ring. */
  readonly #fixed = new Map<string, Identity>();

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#ring = new KeyRing(options.store, new KeysFile(options.directory), () => this.#keysChanged());
    this.sessions = new SessionRing({
      store: options.store,
      rightsOf: (grant) => this.#rightsOf(grant),
    });
    this.attempts = new SignInAttempts(options.log);
    if (options.adminKey !== "") {
      const admin = new Identity({ id: "admin", name: "MARS_ADMIN_KEY", kind: "ad", apps: ["*"] });
      this.#fixed.set(hashOf(options.adminKey), admin);
    }
  }

  /** To be called before anything listens. Rejects where nobody could come in. */
  async open(): Promise<void> {
    await this.#ring.open();
    const { anonymous, loopback } = this.#options;
    if (!loopback && !anonymous && !this.#closed && this.#ring.size === 0) {
      throw new Error(
        "beyond this machine callers need a key, and there is none: set MARS_ADMIN_KEY, or start on 127.0.0.1 and run " +
          "`mars keys create --kind ad --apps '*' --name admin`; a database with keys needs that start only; " +
          "MARS_ANONYMOUS=1 serves every caller",
      );
    }
  }

  /**
   * Writes a token for administration from this machine, good for this run: who can read the data directory has all of
   * its data, so its reader may administer, too. To be called once the directory is this Mars' own.
   */
  async issueLocalToken(): Promise<void> {
    const token = createToken("ad");
    const local = new Identity({ id: "local", name: localTokenName, kind: "ad", apps: ["*"] });
    this.#fixed.set(hashOf(token), local);
    await replaceFile(join(this.#options.directory, localTokenName), `${token}\n`);
  }

  /** Reads the keys and the sessions, once the database is there. */
  async load(): Promise<void> {
    try {
      await this.#ring.load();
    } finally {
      this.#asked = true;
    }
    await this.sessions.load();
  }

  /** The database has other keys than those that were read. */
  readKeysAgain(): Promise<void> {
    return this.#ring.load({ again: true });
  }

  /**
   * Whether callers without a key are served since there is no key yet. Without the database and its copy this is not known:
   * then nothing is stored that they could read, and they are gone as soon as it is.
   */
  get implicit(): boolean {
    const { anonymous, loopback } = this.#options;
    return loopback && !anonymous && !this.#closed && this.#ring.size === 0;
  }

  /** Whether callers need a key though there is none in the ring: there is another way in. */
  get #closed(): boolean {
    return this.#options.adminKey !== "" || this.#options.people !== undefined;
  }

  /** Whether callers without a key are served. */
  get servesAnonymous(): boolean {
    return this.#options.anonymous || this.implicit;
  }

  /**
   * @param certificate the name in a client's certificate that was verified
   * @throws `MarsError` `unauthenticated` for a caller without a key that needs one, and for a key that is not good;
   * `unavailable` while the keys are not known
   */
  identify(credentials: Credentials, use: Use, certificate?: string): Identity {
    const authorization = credentials.get("authorization");
    if (authorization !== null) return this.identifyToken(tokenOf(authorization));
    return this.#bySession(credentials, use) ?? this.#withoutKey(certificate);
  }

  get people(): AccessOptions["people"] {
    return this.#options.people;
  }

  get secureOnly(): boolean {
    return this.#options.secureOnly;
  }

  /** The session's secret among the cookies of a request. */
  sessionSecretOf(credentials: Credentials): string | undefined {
    return sessionSecretIn(credentials.get("cookie") ?? "", this.#options.secureOnly);
  }

  /** The same for a key that does not come as a header. */
  identifyToken(token: string): Identity {
    const known = this.#ring.find(token) ?? this.#fixed.get(hashOf(token));
    if (known !== undefined) return known;
    if (!this.#ring.loaded) throw starting();
    throw new MarsError(
      "unauthenticated",
      isToken(token) ? "this key is not known: it was revoked, or has expired" : "this is no key",
    );
  }

  /** The caller that a ticket stands for; the ticket is used up. @throws `MarsError("unauthenticated")` */
  identifyTicket(ticket: string): Identity {
    const identity = this.tickets.redeem(ticket);
    if (identity !== undefined) return identity;
    throw new MarsError("unauthenticated", "this ticket is not good: it was used, or its 30 s are over");
  }

  /** Whether everyone who reaches Mars may do everything, from other machines too. */
  get exposed(): boolean {
    return this.#options.anonymous && !this.#options.loopback;
  }

  get keys(): Pick<KeyRing, "list" | "get" | "create" | "put" | "rotate" | "limit" | "revoke"> {
    return this.#ring;
  }

  warnings(): string[] {
    return this.#ring.warnings();
  }

  /** To be called every second. */
  expire(): void {
    this.#ring.expire();
    this.sessions.expire();
  }

  /** Stores when keys and sessions were last used. */
  async flush(): Promise<void> {
    await this.#ring.flush();
    await this.sessions.flush();
  }

  /** With the first key the open streams of callers without one end. */
  #keysChanged(): void {
    if (this.servesAnonymous) return;
    this.#anonymous.end("a key is needed from now on");
    this.#anonymous = createAnonymous();
  }

  /** `undefined` without a session's cookie, and where callers without a key are served. */
  #bySession(credentials: Credentials, use: Use): Identity | undefined {
    // No cookie is looked for where there are none.
    if (this.sessions.loaded && this.sessions.size === 0 && this.servesAnonymous) return undefined;
    const secret = this.sessionSecretOf(credentials);
    if (secret === undefined) return undefined;
    const identity = this.sessions.find(secret);
    if (identity !== undefined) {
      if (use === "change" && !this.#options.fromOwnPage(credentials)) throw notOwnPage();
      return identity;
    }
    if (this.servesAnonymous) return undefined;
    if (!this.sessions.loaded) throw starting();
    throw new MarsError("unauthenticated", "the session has ended: sign in again");
  }

  #withoutKey(certificate: string | undefined): Identity {
    const named = certificate === undefined ? undefined : this.#ring.byName(certificate);
    if (named !== undefined) return named;
    // A database that was put in place without the copy of its keys may have some.
    if (this.implicit && !this.#ring.loaded && !this.#asked) throw starting();
    if (this.servesAnonymous) return this.#anonymous;
    if (!this.#ring.loaded && (certificate !== undefined || !this.#closed)) throw starting();
    if (certificate !== undefined) {
      throw new MarsError(
        "unauthenticated",
        `no key, or more than one, has the name of this certificate: ${JSON.stringify(certificate)}`,
      );
    }
    throw new MarsError("unauthenticated", "a key is needed: Authorization: Bearer mars_…");
  }

  /** Of a key that is good, or of a person by the roles of now. */
  #rightsOf({ credential, claims }: Grant): Rights | undefined {
    const { people } = this.#options;
    if (people !== undefined && credential === credentialAt(people.issuer))
      return roleOf(people.roles, claims);
    const key = this.#ring.byHash(credential) ?? this.#fixed.get(credential);
    return key && { kind: key.kind, apps: key.apps, key };
  }
}

export type { IssuedKey, Key, NewKey };

/** The key in an `Authorization` header: as Bearer, or as the password of Basic, with any user. */
function tokenOf(authorization: string): string {
  const [, scheme = "", value = ""] = /^(\S+)\s+(\S+)\s*$/.exec(authorization) ?? [];
  if (/^bearer$/i.test(scheme)) return value;
  if (/^basic$/i.test(scheme)) {
    const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(value, "base64").toString("utf8")) ?? [];
    if (password !== undefined) return password;
  }
  throw new MarsError("unauthenticated", "authorization must be Bearer or Basic");
}

function notOwnPage(): MarsError {
  return new MarsError("permission_denied", "a session's cookie is for Mars' own pages: others need a key");
}

function starting(): MarsError {
  return new MarsError("unavailable", "Mars is starting: its keys are not known yet", {
    retryAfterMs: 1_000,
  });
}
