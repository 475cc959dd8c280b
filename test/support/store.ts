/** The store's parts on a database of their own, without the threads around them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SequencedEvent } from "../../src/event/event.ts";
import type { StoreBatch } from "../../src/event/ports.ts";
import { Aggregator, makeChunks } from "../../src/pipeline/aggregator.ts";
import { MessageFile } from "../../src/store/message-file.ts";
import { MessageQueries } from "../../src/store/message-queries.ts";

export interface TestStore {
  readonly url: string;
  readonly store: MessageFile;
  readonly queries: MessageQueries;
  [Symbol.dispose](): void;
}

export const journalId = "test-journal";

/**
 * A new, empty store whose journal begins at seq 1.
 *
 * @param scanMax messages that one list page examines at most, where the default is not wanted
 */
export async function openStore(scanMax?: number): Promise<TestStore> {
  const directory = mkdtempSync(join(tmpdir(), "mars-store-"));
  const options = { url: `file:${directory}/messages.db`, authToken: "", timeoutMs: 1_000 };
  const store = new MessageFile(options);
  await store.open({ id: journalId, firstSeq: 0, lastSeq: 0, bytes: 0 });
  const queries = new MessageQueries({ ...options, ...(scanMax && { scanMax }) });
  queries.open(journalId);
  return {
    url: options.url,
    store,
    queries,
    [Symbol.dispose]() {
      queries.close();
      store.close();
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
    attributes: "",
    ...fields,
  };
}

/** The batch that the aggregators make of consecutive events. */
export async function batchOf(events: readonly SequencedEvent[]): Promise<StoreBatch> {
  const aggregator = new Aggregator();
  for (const one of events) aggregator.add(one);
  return {
    from: events[0]!.seq - 1,
    to: events.at(-1)!.seq,
    count: events.length,
    chunks: await makeChunks(aggregator.take(), async () => {}),
  };
}
