/** Sources, put together: their threads for mapping, the database, and what they fetch. */
import type { Caller } from "../core/caller.ts";
import type { MarsError } from "../core/error.ts";
import type { Ingest, Log } from "../core/ports.ts";
import type { FairQueueStats } from "../runtime/fair-queue.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import type { SourceReader, SourceStore } from "../sources/ports.ts";
import { Sources } from "../sources/sources.ts";
import { startMappingThread } from "../threads.ts";
import { createMappingRuns } from "../workers/mapping-runs.ts";

/** Of a certificate, and of the confirmation of a subscription. */
const fetchMs = 5_000;
const fetchBytesMax = 64 * 1024;

export interface SourcesParts {
  readonly store: SourceStore;
  readonly reader: Pick<SourceReader, "sourceDeliveries">;
  readonly ingest: Pick<Ingest, "accept">;
  readonly supervisor: Pick<Supervisor, "loop">;
  readonly log: Pick<Log, "info" | "warn">;
  /** Of the attributes of an event. */
  readonly attributesBytesMax: number;
  readonly onRefused: (caller: Caller) => void;
}

export interface RunningSources {
  readonly sources: Sources;
  readonly mappings: { readonly stats: FairQueueStats };
  start(): void;
  /** Refuses the deliveries that wait. */
  close(error: MarsError): void;
  stop(): Promise<void>;
}

export function createSources({ attributesBytesMax, onRefused, ...parts }: SourcesParts): RunningSources {
  const start = () => startMappingThread({ attributesBytesMax });
  const mappings = createMappingRuns({ start, onRefused });
  const sources = new Sources({ ...parts, mapper: mappings, fetchText });
  let closing: Promise<void> | undefined;
  return {
    sources,
    mappings,
    start: () => sources.start(),
    close(error) {
      closing = mappings.close(error);
    },
    async stop() {
      await sources.stop();
      await closing;
    },
  };
}

/** See `FetchText`. */
async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(fetchMs) });
  if (response.status !== 200 || response.body === null)
    throw new Error(`the answer has status ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > fetchBytesMax) throw new Error(`the answer has more than ${fetchBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
