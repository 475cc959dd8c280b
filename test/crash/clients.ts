/** The mixed load: clients of four protocols, each sending as fast as it is answered, until they are stopped. */
import { credentials, loadPackageDefinition, type ServiceError } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { MarsProcess } from "../support/process.ts";
import { type Entry, type Ledger, restEvent } from "./ledger.ts";

const bulkSize = 200;
const batchSize = 100;

interface Service {
  collectEvent(request: object, done: (error: ServiceError | null, answer: { seq?: string }) => void): void;
  collectEvents(request: object, done: (error: ServiceError | null, answer: { seq?: string }) => void): void;
  close(): void;
}

/** Sends events once and throws unless they were acknowledged. */
type Send = (entries: readonly Entry[]) => Promise<number | undefined>;

/**
 * Runs the clients until `signal` aborts and their last calls have ended. Events whose call failed are sent again by
 * the next round, as a client would: they are what `pending` holds.
 */
export async function runClients(
  mars: MarsProcess,
  ledger: Ledger,
  pending: Entry[][],
  signal: AbortSignal,
): Promise<void> {
  const grpc = connect(mars.grpcPort);
  const kinds: readonly { name: string; clients: number; size: number; send: Send }[] = [
    {
      name: "rest",
      clients: 16,
      size: 1,
      send: (entries) => post(`${mars.url}/api/event`, restEvent(entries[0]!)),
    },
    {
      name: "bulk",
      clients: 3,
      size: bulkSize,
      send: (entries) => post(`${mars.url}/api/event/bulk`, { events: entries.map(restEvent) }),
    },
    {
      name: "grpc",
      clients: 16,
      size: 1,
      send: (entries) => call(grpc.original, "collectEvent", restEvent(entries[0]!)),
    },
    {
      name: "batch",
      clients: 3,
      size: batchSize,
      send: (entries) => call(grpc.ingest, "collectEvents", { events: entries.map(protoEvent) }),
    },
  ];
  const again = pending.splice(0);
  await Promise.all(
    kinds.flatMap(({ name, clients, size, send }) =>
      Array.from({ length: clients }, async (_, index) => {
        while (!signal.aborted) {
          // Half of what failed is sent again, whole; the rest stays unknown, as from a client that died too.
          const retry = again.findIndex((entries) => entries.length === size);
          const entries =
            retry >= 0
              ? again.splice(retry, 1)[0]!
              : Array.from({ length: size }, () => ledger.next(`${name}${index}`));
          ledger.sent(entries);
          try {
            ledger.acknowledged(entries, await send(entries));
          } catch {
            if (index % 2 === 0) pending.push(entries);
            await Bun.sleep(5);
          }
        }
      }),
    ),
  );
  grpc.close();
}

async function post(url: string, body: object): Promise<number | undefined> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = (await response.json()) as { success: boolean; seq: number };
  if (response.status !== 200 || !answer.success) throw new Error(`status ${response.status}`);
  return answer.seq;
}

function call(
  service: Service,
  method: "collectEvent" | "collectEvents",
  request: object,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    service[method](request, (error, answer) => {
      if (error !== null) reject(error);
      else resolve(answer.seq === undefined ? undefined : Number(answer.seq));
    });
  });
}

function protoEvent(entry: Entry) {
  const seconds = Math.floor(Date.parse(entry.createdAt) / 1000);
  const nanos = (Date.parse(entry.createdAt) - seconds * 1000) * 1e6;
  return { ...restEvent(entry), created_at: { seconds, nanos } };
}

function connect(port: number): { original: Service; ingest: Service; close(): void } {
  const definition = loadSync(["event.proto", "mars/v1/ingest_service.proto"], {
    includeDirs: [`${import.meta.dir}/../../proto`],
    keepCase: true,
    longs: String,
  });
  type Constructor = new (address: string, channel: ReturnType<typeof credentials.createInsecure>) => Service;
  const root = loadPackageDefinition(definition) as unknown as {
    MarsWeb: { GrpcService: { MarsGrpc: Constructor } };
    mars: { v1: { IngestService: Constructor } };
  };
  const address = `127.0.0.1:${port}`;
  const original = new root.MarsWeb.GrpcService.MarsGrpc(address, credentials.createInsecure());
  const ingest = new root.mars.v1.IngestService(address, credentials.createInsecure());
  return {
    original,
    ingest,
    close() {
      original.close();
      ingest.close();
    },
  };
}
