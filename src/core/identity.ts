/** Who a caller is, and what it may do. */
import type { CallerLimits } from "./caller-limits.ts";
import { MarsError } from "./error.ts";
import { type AppRights, appRights, type KeyKind, type Scope, scopesOf } from "./rights.ts";
import type { Topic } from "./topic.ts";

export interface IdentityOptions {
  /** `anonymous`, `admin`, `local`, `key:ID`, `session:ID`. */
  readonly id: string;
  /** For people: the name of the key, or of the person. */
  readonly name: string;
  readonly kind: KeyKind;
  readonly apps: readonly string[];
  /** The name by which its share of every bound is counted, where others have the same share; by default `id`. */
  readonly share?: string;
  /** See `CallerLimits`; absent where those of the settings hold. */
  readonly limits?: CallerLimits | undefined;
  /** Whose limits it has instead: the key that a session was begun with. */
  readonly limitedAs?: Identity | undefined;
}

/** One caller's rights, from the first call until they end. */
export class Identity implements AppRights {
  readonly id: string;
  readonly name: string;
  readonly kind: KeyKind;
  readonly apps: readonly string[];
  readonly share: string;
  readonly allApps: boolean;
  readonly mayApp: (appId: string) => boolean;
  readonly #scopes: ReadonlySet<Scope>;
  /** Canonical names: of no other topic may it read anything. */
  #topics: ReadonlySet<string> | undefined;
  /** Whose rights these are, too, until they end. */
  #maker: Identity | undefined;
  readonly #closers = new Set<(reason: MarsError) => void>();
  readonly #limitedAs: Identity | undefined;
  #limits: CallerLimits | undefined;
  #ended: MarsError | undefined;

  constructor({ id, name, kind, apps, share = id, limits, limitedAs }: IdentityOptions) {
    this.id = id;
    this.share = share;
    this.name = name;
    this.kind = kind;
    this.#scopes = scopesOf[kind];
    const rights = appRights(apps);
    this.apps = apps;
    this.#limits = limits;
    this.#limitedAs = limitedAs;
    this.allApps = rights.allApps;
    this.mayApp = rights.mayApp;
  }

  get anonymous(): boolean {
    return this.id === "anonymous";
  }

  /** `undefined` where those of the settings hold. Another object where they have changed. */
  get limits(): CallerLimits | undefined {
    return this.#limitedAs === undefined ? this.#limits : this.#limitedAs.limits;
  }

  /** Changes the limits; they hold from the next call on. */
  limitTo(limits: CallerLimits | undefined): void {
    this.#limits = limits;
  }

  may(scope: Scope): boolean {
    return this.#scopes.has(scope);
  }

  /** Why the rights have ended: `unauthenticated`; `undefined` while they hold. */
  get ended(): MarsError | undefined {
    return this.#maker === undefined ? this.#ended : this.#maker.ended;
  }

  /** Why it may not do what needs the scope: `permission_denied`, or `unauthenticated` once the rights have ended. */
  denial(scope: Scope): MarsError | undefined {
    const { ended } = this;
    if (ended !== undefined) return ended;
    if (this.may(scope)) return undefined;
    const kinds = kindsWith[scope].join(", ").replace(/, (?=\w+$)/, " or ");
    return new MarsError(
      "permission_denied",
      `this needs the scope ${scope}: a key of kind ${kinds}, this one is of kind ${this.kind}`,
    );
  }

  /** @throws `MarsError` as `denial` has it */
  assertMay(scope: Scope): void {
    const denial = this.denial(scope);
    if (denial !== undefined) throw denial;
  }

  /**
   * Topics without an app carry what their subscriber may see; one of another app carries nothing that it may.
   *
   * @throws `MarsError` as `denial` has it, or `permission_denied`
   */
  assertMayWatch({ name, appId }: Topic): void {
    this.assertMay("read");
    if (this.#topics?.has(name) === false) {
      throw new MarsError("permission_denied", "topic is none of those that this ticket is for");
    }
    if (appId === undefined || this.mayApp(appId)) return;
    throw new MarsError("permission_denied", "topic is of an app that this key is not for");
  }

  /** The same caller, who may watch these topics and do nothing else; its rights end with this one's. */
  forTopics(topics: readonly string[]): Identity {
    const { id, name, apps, share } = this;
    const narrowed = new Identity({ id, name, kind: "ro", apps, share, limitedAs: this });
    narrowed.#topics = new Set(topics);
    narrowed.#maker = this;
    return narrowed;
  }

  /**
   * Calls back when the rights end: the key was revoked or has expired, the session has ended. At once where they have.
   *
   * @returns forgets the callback
   */
  onEnd(callback: (reason: MarsError) => void): () => void {
    if (this.#maker !== undefined) return this.#maker.onEnd(callback);
    if (this.#ended !== undefined) {
      callback(this.#ended);
      return () => undefined;
    }
    this.#closers.add(callback);
    return () => this.#closers.delete(callback);
  }

  /** Ends the rights, and with them every open stream and socket. Idempotent. */
  end(message: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = new MarsError("unauthenticated", message);
    const closers = [...this.#closers];
    this.#closers.clear();
    for (const close of closers) close(this.#ended);
  }
}

const kindsWith: Readonly<Record<Scope, readonly KeyKind[]>> = {
  ingest: ["in", "ad"],
  read: ["ro", "rw", "ad"],
  write: ["rw", "ad"],
  admin: ["ad"],
};

/** A caller without a key, where none is needed. */
export function createAnonymous(): Identity {
  return new Identity({ id: "anonymous", name: "anonymous", kind: "ad", apps: ["*"] });
}

/** Mars itself, and callers of tests. */
export const anonymous = createAnonymous();
