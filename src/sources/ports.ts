/** What sources need of other parts, and what others need of them. */
import type { Author } from "../core/audit.ts";
import type { Caller } from "../core/caller.ts";
import type { FieldProblem } from "../core/error.ts";
import type { DeliveryDetail, KeptDelivery, NewKeptDelivery } from "./kept.ts";
import type { MapResult } from "./mapping.ts";
import type { Delivery, Source } from "./source.ts";

/** What has become of deliveries that were mapped again. */
export interface ReplayRecord {
  readonly source: Pick<Source, "id" | "appId">;
  readonly outcomes: readonly { readonly id: number; readonly detail: DeliveryDetail }[];
}

/** Keeps sources and deliveries. Each change is on disk when it resolves. Rejects with `unavailable` while the database is away. */
export interface SourceStore {
  readSources(): Promise<readonly Source[]>;
  /** Creates or replaces. Rejects with `invalid_argument` beyond `sourcesMax`. */
  putSource(source: Source, by?: Author): Promise<void>;
  /** With its deliveries. @returns whether it was there */
  deleteSource(id: string, by?: Author): Promise<boolean>;
  keepDeliveries(deliveries: readonly NewKeptDelivery[]): Promise<void>;
  recordReplay(replay: ReplayRecord, by?: Author): Promise<void>;
  /** @param before microseconds */
  pruneDeliveries(before: number): Promise<void>;
}

export interface SourceReader {
  /** By id. */
  sources(): Promise<readonly Source[]>;
  /** The latest first, `keptMax` at most. */
  sourceDeliveries(source: string, limit: number): Promise<readonly KeptDelivery[]>;
}

/** Maps on another thread, which is ended when it takes too long. */
export interface Mapper {
  /** The rules at fault. */
  check(source: Source, caller: Caller): Promise<readonly FieldProblem[]>;
  /** Rejects with `deadline_exceeded` for a mapping that takes too long, `overloaded` where too many wait. */
  map(source: Source, delivery: Delivery, caller: Caller): Promise<MapResult>;
}
