/** A broker collector: which messages of which message broker become events. */
import type { Author } from "./audit.ts";
import { type Engine, hasTokenAsUser } from "./broker-engine.ts";
import type { Micros } from "./event.ts";

/** Broker collectors of one Mars, those of the environment among them. */
export const brokerCollectorsMax = 32;
/** Refused messages that are kept of one collector; the oldest make room. */
export const refusedMessagesMax = 100;
/** Bytes of a refused message that are kept; of a longer one the beginning. */
export const refusedBytesMax = 64 * 1024;

/** As it is put. Absent members have the defaults of `broker-collector-input.ts`. */
export interface BrokerCollector {
  /** Chosen by its user: 1 to 64 of `A-Z a-z 0-9 . _ -`. */
  readonly id: string;
  readonly engine: Engine;
  /** With user and password, and without a query. */
  readonly url: string;
  /** By the names that the engine has for them, such as `stream` and `consumer`: see `engineMembers`. */
  readonly source: Readonly<Record<string, string>>;
  /** The app of all of its events. Absent: each event names its own, or the source gives it. */
  readonly appId?: string;
  /** The source by which its messages are mapped, which need not exist yet: see `sources/`. Absent: they are Mars' own events. */
  readonly mappedBy?: string;
  /** Where refused messages are published to before they are acknowledged: a subject, a stream, a queue. */
  readonly deadLetter?: string;
  /** Of NATS: the text of a credentials file, or the seed of an nkey. A secret. */
  readonly credentials?: string;
  /** Certificates in PEM that the broker's must be signed by; absent: those of the system. */
  readonly tlsCa?: string;
  /** With `tlsKey`: the certificate in PEM by which Mars proves to the broker who it is, with its chain. */
  readonly tlsCert?: string;
  /** Of `tlsCert`, in PEM. A secret. */
  readonly tlsKey?: string;
}

/** Stands where a secret is not shown. */
export const hiddenSecret = "(hidden)";

/** The URL as it is shown: no secret is in it. */
export function hiddenUrl({ engine, url }: Pick<BrokerCollector, "engine" | "url">): string {
  const shown = new URL(url);
  if (shown.password !== "") shown.password = hiddenSecret;
  else if (shown.username !== "" && hasTokenAsUser(engine)) shown.username = hiddenSecret;
  return urlText(shown);
}

/** Some runtimes end a URL without a path by a slash. */
export function urlText({ href }: URL): string {
  return href.replace(/^(\w+:\/\/[^/?]*)\/(?=\?|$)/, "$1");
}

/** The JSON form in answers and in the audit, by the names with which it is put. */
export function brokerCollectorToJson(collector: BrokerCollector) {
  const { id, source, appId, mappedBy, deadLetter, credentials, tlsCa, tlsCert, tlsKey } = collector;
  return {
    id,
    url: hiddenUrl(collector),
    ...source,
    ...(appId !== undefined && { app_id: appId }),
    ...(mappedBy !== undefined && { source: mappedBy }),
    ...(deadLetter !== undefined && { dead_letter: deadLetter }),
    ...(credentials !== undefined && { credentials: hiddenSecret }),
    ...(tlsCa !== undefined && { tls_ca: tlsCa }),
    ...(tlsCert !== undefined && { tls_cert: tlsCert }),
    ...(tlsKey !== undefined && { tls_key: hiddenSecret }),
  };
}

/** A message of a broker that was refused, as a whole or some of its events. */
export interface RefusedMessage {
  /** Its place in the broker, for people. */
  readonly position: string;
  readonly at: Micros;
  /** When the broker received it, where that is known. */
  readonly brokerAt?: Micros;
  /** Of its first event where the message gives none: there is no other message of it. */
  readonly eventId: string;
  /** For people: the first problem, with the event's place where there are several. */
  readonly reason: string;
  /** At most `refusedBytesMax`. */
  readonly body: Uint8Array;
  /** Bytes of the whole body. */
  readonly bytes: number;
  /** See `keptHeaders`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The one app that it may have events of; empty where its events name their own. */
  readonly appId: string;
}

/** A refused message that is kept. */
export interface KeptMessage extends RefusedMessage {
  /** Grows with each one. */
  readonly id: number;
  readonly collector: string;
}

/** A page of refused messages. */
export interface RefusedQuery {
  readonly collector: string;
  /** At most `refusedMessagesMax`. A page of long messages has fewer. */
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** The answer to `RefusedQuery`. */
export interface RefusedPage {
  /** The latest first. */
  readonly messages: readonly KeptMessage[];
  readonly nextCursor?: string;
}

/** Reads refused messages. Rejects with `unavailable` while the database is away. */
export interface RefusedReader {
  refusedMessages(query: RefusedQuery): Promise<RefusedPage>;
}

/** Collectors as they are stored. */
export interface StoredCollectors {
  readonly collectors: readonly BrokerCollector[];
  /** Ids of those that are paused, those of the environment among them. */
  readonly paused: readonly string[];
  /** Refused messages that are kept, by collector. */
  readonly refused: Readonly<Record<string, number>>;
}

/** A collector as it runs. */
export interface CollectorStatus {
  readonly collector: BrokerCollector;
  /** The variable that defines it; absent: it is stored, and may be changed. */
  readonly variable?: string;
  readonly figures: CollectorFigures;
}

/**
 * - `starting`: it has not reached its broker yet. `reading`: it has. `lost`: it tries to reach it again.
 * - `waiting`: Mars accepts no events now, or cannot map them, so nothing more is pulled. `paused`: by a user.
 */
export type CollectorState = "starting" | "reading" | "waiting" | "lost" | "paused";

/** Counts are since the collector was started or changed. */
export interface CollectorFigures {
  readonly engine: Engine;
  readonly state: CollectorState;
  /** How long it has been in this state. */
  readonly state_ms: number;
  /** Messages that were acknowledged to the broker, refused ones among them. */
  readonly messages: number;
  /** Events on disk; of repeats too. */
  readonly events: number;
  /** Messages that became no event on purpose: the rules of their source leave them out. */
  readonly ignored: number;
  readonly refused: number;
  /** Refused messages that are kept now. */
  readonly refused_kept: number;
  readonly dead_lettered: number;
  /** Messages that the broker sent once more. */
  readonly redelivered: number;
  /** How often it had to wait since Mars accepted no events, or could not map them. */
  readonly waits: number;
  readonly connects: number;
  /** Received and not acknowledged yet. */
  readonly in_flight: number;
  /** Messages a second, of the last seconds. */
  readonly rate: number;
  /** Messages that the broker has not sent yet, or sent and not been acknowledged; `null` where that is not known. */
  readonly lag: number | null;
  /** Of the last message that was acknowledged; empty before the first. */
  readonly position: string;
  /** The last failure's message, empty while it reads. */
  readonly last_error: string;
}

/** In `GET /api/q/stats`. */
export interface ConsumerStats {
  /** The collectors that read from message brokers, by id. */
  readonly consumers: Readonly<Record<string, CollectorFigures>>;
}

/** Collectors as their users see them. Changes reject with `unavailable` while the database is away. */
export interface BrokerCollectors {
  /** By id. Rejects with `unavailable` where they have not been read from the database yet. */
  list(): Promise<readonly CollectorStatus[]>;
  /** Starts it, or lets it go on as it is put now. @throws `invalid_argument` for one of the environment */
  put(collector: BrokerCollector, by: Author): Promise<CollectorStatus>;
  /** @returns whether it was there */
  remove(id: string, by: Author): Promise<boolean>;
  /** @returns `undefined` where there is none of this id */
  pause(id: string, paused: boolean, by: Author): Promise<CollectorStatus | undefined>;
  /**
   * Maps kept messages once more, by what the collector is now. Those that are accepted are no longer kept.
   *
   * @param message its id; absent: all
   */
  replay(id: string, message: number | undefined, by: Author): Promise<ReplayedMessages | undefined>;
  /** @returns how many are left */
  forget(id: string, message: number | undefined, by: Author): Promise<number | undefined>;
}

export interface ReplayedMessages {
  /** Messages that were accepted now. */
  readonly replayed: number;
  /** Messages that were refused again, or are not kept as a whole. */
  readonly refused: number;
}

/** What a deletion of refused messages has left. */
export interface RefusedLeft {
  readonly removed: number;
  /** By collector; absent: none. */
  readonly kept: Readonly<Record<string, number>>;
}

/** Stores collectors, and the messages that they refuse. Each change is on disk when it resolves. Answered by `workers/`. */
export interface BrokerStore {
  readBrokerCollectors(): Promise<StoredCollectors>;
  putBrokerCollector(collector: BrokerCollector, by?: Author): Promise<void>;
  /** Its refused messages go with it. @returns whether it was there */
  deleteBrokerCollector(id: string, by?: Author): Promise<boolean>;
  pauseBrokerCollector(id: string, paused: boolean, by?: Author): Promise<void>;
  /** Keeps the latest `refusedMessagesMax`. The same message again takes the place of the former. @returns how many are kept */
  keepRefused(collector: string, messages: readonly RefusedMessage[]): Promise<number>;
  /** The oldest first, after this id. @param id only this one */
  readRefused(collector: string, after: number, id?: number): Promise<readonly KeptMessage[]>;
  /** @returns how many are left */
  removeRefused(collector: string, ids: readonly number[] | "all", by?: Author): Promise<number>;
  /**
   * Deletes those of an app; of collectors without an app those that have its id in them.
   *
   * @param messageId only those that have this id in them
   */
  eraseRefused(appId: string, messageId: string | undefined): Promise<RefusedLeft>;
  /**
   * Deletes those that are older than events may be.
   *
   * @param keepFor of apps that have no time of their own; 0: for ever
   */
  pruneRefused(now: Micros, keepFor: Micros): Promise<RefusedLeft>;
}
