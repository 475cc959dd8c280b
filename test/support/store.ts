/** The store's parts on a database of their own, without the threads around them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SequencedEvent } from "../../src/core/event.ts";
import type { StoreBatch } from "../../src/core/ports.ts";
import type { PruneScope, PruneStep } from "../../src/core/retention.ts";
import { foldContent } from "../../src/ingest/batch.ts";
import { publicationOf } from "../../src/ingest/publication.ts";
import { createQueryService, type QueryService } from "../../src/workers/query-service.ts";
import { createStoreService, type StoreService } from "../../src/workers/store-service.ts";

export interface TestStore {
  readonly url: string;
  readonly store: StoreService;
  readonly queries: QueryService;
  /** Drops the store's connection without a word, as a crash does, and opens another on the same file. */
  restart(): Promise<StoreService>;
  [Symbol.dispose](): void;
}

export const journalId = "test-journal";

/**
 * A new, empty store whose journal begins at seq 1.
 *
 * @param scanMax rows that one page of a list looks at, where the default is not wanted
 */
export async function openStore(scanMax?: number): Promise<TestStore> {
  const directory = mkdtempSync(join(tmpdir(), "mars-store-"));
  const options = { url: `file:${directory}/messages.db`, authToken: "", timeoutMs: 1_000 };
  const open = async () => {
    const store = createStoreService(options);
    await store.open({ id: journalId, firstSeq: 0, lastSeq: 0, bytes: 0 });
    return store;
  };
  const stores = [await open()];
  const store = stores[0]!;
  const queries = createQueryService({ ...options, ...(scanMax && { scanMax }) });
  queries.open(journalId);
  return {
    url: options.url,
    store,
    queries,
    async restart() {
      stores.push(await open());
      return stores.at(-1)!;
    },
    [Symbol.dispose]() {
      queries.close();
      for (const one of stores) one.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** An event with the least that it needs. */
export function event(seq: number, fields: Partial<SequencedEvent> = {}): SequencedEvent {
  return {
    seq,
    appId: "app",
    messageId: "message",
    event: "CREATED",
    createdAt: 1_000_000 + seq,
    receivedAt: 2_000_000 + seq,
    eventId: "",
    externalId: "",
    parentId: "",
    attributes: "",
    ...fields,
  };
}

/** The batch that the aggregators make of consecutive events. */
export async function batchOf(events: readonly SequencedEvent[]): Promise<StoreBatch> {
  const { chunks } = await foldContent(events, noPace);
  return {
    from: events[0]!.seq - 1,
    to: events.at(-1)!.seq,
    count: events.length,
    chunks,
  };
}

/** Stores consecutive events as one batch, and gives what is published of it. */
export async function applyAndPublish(
  store: Pick<StoreService, "apply">,
  events: readonly SequencedEvent[],
): Promise<readonly SequencedEvent[]> {
  const outcome = await store.apply(await batchOf(events));
  const { repeated } = await foldContent(events, noPace);
  return publicationOf(events, repeated, outcome);
}

const noPace = () => undefined;

/** Retention in tests keeps things for so long, in microseconds of the time that `markTime` says has passed. */
export const keepFor = 1_000;

/** So much time has passed, and the store is where it is. */
export function markTime(store: StoreService, elapsed: number): Promise<void> {
  return store.recordTime(
    { elapsed, wall: elapsed, absent: 0, stepped: 0, agreed: 0 },
    { shortest: keepFor, longest: keepFor },
  );
}

/** The first step over the messages of all apps without a retention of their own. */
export const wholeRange: PruneScope = { kind: "range", after: 0 };

/** A whole pass of retention when so much time has passed. @returns what each of its steps deleted */
export async function prune(
  store: StoreService,
  elapsed: number,
  latest = 0,
  of: { readonly first: PruneScope; readonly keepFor: number } = { first: wholeRange, keepFor },
): Promise<PruneStep[]> {
  const steps: PruneStep[] = [];
  for (let scope: PruneScope | null = of.first; scope !== null; scope = steps.at(-1)!.next) {
    steps.push(await store.prune({ elapsed, keepFor: of.keepFor, latest, scope }));
  }
  return steps;
}
