/** Sign-ins that have gone to the issuer and have not come back. Each is good once, for ten minutes, in the browser that began it. */
import { hashOf, randomText } from "./key-token.ts";

/** How long a person may take at the issuer. */
export const loginMs = 10 * 60_000;

/** Beyond it the oldest of the address that has most is forgotten: who begins thousands loses their own. */
const pendingMax = 1_000;

export interface Login {
  /** Where the browser calls from. */
  readonly address: string;
  readonly nonce: string;
  /** Of PKCE. */
  readonly verifier: string;
  /** A path of Mars. */
  readonly returnTo: string;
  /** The session that the browser had, which ends with the new one; none is sent when it comes back from another site. */
  readonly sessionBefore: string | undefined;
}

interface Pending extends Login {
  /** Of the secret in the browser's cookie. */
  readonly browser: string;
  readonly until: number;
}

export class PendingLogins {
  readonly #now: () => number;
  /** By state, in the order in which they end. */
  readonly #pending = new Map<string, Pending>();

  /** @param now in milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** @returns the state, which goes to the issuer and back, and the secret for the browser's cookie */
  add(login: Login): { readonly state: string; readonly secret: string } {
    const [state, secret] = [randomText(43), randomText(43)];
    if (this.#pending.size >= pendingMax) this.#makeRoom();
    this.#pending.set(state, { ...login, browser: hashOf(secret), until: this.#now() + loginMs });
    return { state, secret };
  }

  /** Uses one up. @returns `undefined` where it is not known, too old, or another browser's */
  take(state: string, secret: string): Login | undefined {
    const pending = this.#pending.get(state);
    this.#pending.delete(state);
    if (pending === undefined || pending.until <= this.#now() || pending.browser !== hashOf(secret))
      return undefined;
    return pending;
  }

  #makeRoom(): void {
    const counts = new Map<string, number>();
    for (const { address } of this.#pending.values()) counts.set(address, (counts.get(address) ?? 0) + 1);
    const most = Math.max(...counts.values());
    for (const [state, { address }] of this.#pending) {
      if (counts.get(address) !== most) continue;
      this.#pending.delete(state);
      return;
    }
  }
}
