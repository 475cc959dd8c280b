/**
 * All sessions, in memory: by the hashes of their cookies' secrets, each with the identity that it gives. The database
 * follows: what it knows makes a restart pass unnoticed. While it is away people can sign in and out all the same.
 */
import type { Author } from "../core/audit.ts";
import type { Micros } from "../core/event.ts";
import { Identity } from "../core/identity.ts";
import type { KeyKind } from "../core/rights.ts";
import { nowMicros } from "../core/time.ts";
import { hashOf, randomText } from "./key-token.ts";
import {
  type EndedSession,
  endOf,
  type Grant,
  type Session,
  type SessionStore,
  sessionsMax,
  sessionsOfOneMax,
} from "./session.ts";

/** The rights that a grant gives now. */
export interface Rights {
  readonly kind: KeyKind;
  readonly apps: readonly string[];
  /** The key's own, with which the session ends. */
  readonly key?: Identity;
}

export type NewSession = Pick<Session, "owner" | "name" | "address" | "credential" | "claims">;

/** A session with its cookie's secret, which is known at this time only. */
export interface IssuedSession {
  readonly session: Session;
  readonly identity: Identity;
  readonly secret: string;
}

/** A session with the rights that it has now. */
export interface ListedSession extends Session {
  readonly kind: KeyKind;
  readonly apps: readonly string[];
}

interface Entry {
  session: Session;
  readonly identity: Identity;
  /** Forgets the key that it was made from. */
  readonly release: () => void;
}

export interface SessionRingOptions {
  readonly store: SessionStore;
  /** `undefined` where a grant gives no rights any more. */
  readonly rightsOf: (grant: Grant) => Rights | undefined;
  readonly now?: () => Micros;
}

/** 43 characters of base62 have 256 bits. */
const randomLength = 43;
/** The precision of the time of the last use. */
const useMicros = 60_000_000;

export class SessionRing {
  readonly #store: SessionStore;
  readonly #rightsOf: SessionRingOptions["rightsOf"];
  readonly #now: () => Micros;
  readonly #byHash = new Map<string, Entry>();
  readonly #byId = new Map<string, Entry>();
  /** Ids of those that the database does not have as they are, and of those that it still has. */
  readonly #changed = new Set<string>();
  readonly #gone = new Map<string, EndedSession>();
  #loaded = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ store, rightsOf, now = nowMicros }: SessionRingOptions) {
    this.#store = store;
    this.#rightsOf = rightsOf;
    this.#now = now;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Whether all sessions are known; before that an unknown cookie may be one's. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Reads the database, once it is there and all keys are known. Later calls do nothing. */
  async load(): Promise<void> {
    if (this.#loaded) return;
    await this.#inTurn(async () => {
      for (const session of await this.#store.readSessions()) {
        // One that has ended meanwhile, before the database was there.
        if (this.#gone.has(session.id) || this.#byId.has(session.id)) continue;
        const rights = endOf(session) > this.#now() ? this.#rightsOf(session) : undefined;
        if (rights === undefined) this.#gone.set(session.id, { session });
        else this.#add(session, rights);
      }
      this.#loaded = true;
    });
  }

  /** The identity that a cookie's secret gives; `undefined` where it gives none. */
  find(secret: string): Identity | undefined {
    const entry = this.#byHash.get(hashOf(secret));
    if (entry === undefined) return undefined;
    const { session, identity } = entry;
    const now = this.#now();
    if (endOf(session) <= now) return undefined;
    if (now - session.lastUsedAt >= useMicros) {
      entry.session = { ...session, lastUsedAt: now };
      this.#changed.add(session.id);
    }
    return identity;
  }

  get(id: string): ListedSession | undefined {
    const entry = this.#byId.get(id);
    return entry && listed(entry);
  }

  /** In the order in which they were made. */
  list(): ListedSession[] {
    const sessions = [...this.#byId.values()].map(listed);
    return sessions.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  /**
   * Makes one, always with a new secret. It is good at once; `flush` stores it.
   *
   * @returns `undefined` where the grant gives no rights
   */
  create(wanted: NewSession): IssuedSession | undefined {
    const rights = this.#rightsOf(wanted);
    if (rights === undefined) return undefined;
    this.#makeRoom(wanted.owner);
    const secret = `mars_se_${randomText(randomLength)}`;
    const now = this.#now();
    const session: Session = {
      ...wanted,
      id: randomText(12),
      hash: hashOf(secret),
      createdAt: now,
      lastUsedAt: now,
    };
    const { identity } = this.#add(session, rights);
    this.#changed.add(session.id);
    return { session, identity, secret };
  }

  /**
   * Ends one, and with it its streams and sockets, at once. Until `flush` has stored that it would be back after a restart.
   *
   * @param by for the audit; absent: its own user ends it
   * @returns whether there was one
   */
  end(id: string, message: string, by?: Author): boolean {
    return this.#drop(id, message, by);
  }

  /** The session of a cookie's secret. */
  sessionOf(secret: string): Session | undefined {
    return this.#byHash.get(hashOf(secret))?.session;
  }

  /** Ends what is over. To be called every second. */
  expire(): void {
    const now = this.#now();
    for (const { session } of this.#byId.values()) {
      if (endOf(session) <= now) this.#drop(session.id, "this session has ended: sign in again");
    }
  }

  /** Stores what has changed. */
  async flush(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#changed.size === 0 && this.#gone.size === 0) return;
      const [changed, gone] = [[...this.#changed], [...this.#gone.values()]];
      this.#changed.clear();
      try {
        const sessions = changed.flatMap((id) => this.#byId.get(id)?.session ?? []);
        await this.#store.changeSessions(sessions, gone);
        for (const { session } of gone) this.#gone.delete(session.id);
      } catch (error) {
        for (const id of changed) this.#changed.add(id);
        throw error;
      }
    });
  }

  #add(session: Session, { kind, apps, key }: Rights): Entry {
    const { id, name, owner } = session;
    const identity = new Identity({ id: `session:${id}`, name, kind, apps, share: owner, limitedAs: key });
    let release: (() => void) | undefined;
    const entry: Entry = { session, identity, release: () => release?.() };
    this.#byHash.set(session.hash, entry);
    this.#byId.set(id, entry);
    release = key?.onEnd(({ message }) => this.#drop(id, message));
    return entry;
  }

  #drop(id: string, message: string, by?: Author): boolean {
    const entry = this.#byId.get(id);
    if (entry === undefined) return false;
    this.#byId.delete(id);
    this.#byHash.delete(entry.session.hash);
    this.#changed.delete(id);
    this.#gone.set(id, { session: entry.session, by });
    entry.release();
    entry.identity.end(message);
    return true;
  }

  #makeRoom(owner: string): void {
    const all = [...this.#byId.values()].map(({ session }) => session);
    const own = all.filter((session) => session.owner === owner);
    for (const [sessions, max] of [
      [own, sessionsOfOneMax],
      [all, sessionsMax],
    ] as const) {
      if (sessions.length < max) continue;
      const idle = sessions.reduce((a, b) => (b.lastUsedAt < a.lastUsedAt ? b : a));
      this.#drop(idle.id, "this session has ended: there are too many others");
      return;
    }
  }

  /** One write at a time. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(change);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

function listed({ session, identity: { kind, apps } }: Entry): ListedSession {
  return { ...session, kind, apps };
}
