import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { createWritableIterable } from "@connectrpc/connect/protocol";
import { MarsError } from "../../../src/core/error.ts";
import type { MarsEvent } from "../../../src/core/event.ts";
import { createAnonymous } from "../../../src/core/identity.ts";
import { Doors } from "../../../src/edge/doors.ts";
import { EventLimits } from "../../../src/edge/event-limits.ts";
import { RefusalLog } from "../../../src/edge/refusal-log.ts";
import { batchesInFlightMax, collectStream } from "../../../src/edge/rpc/collect-stream.ts";
import {
  type CollectStreamRequest,
  CollectStreamRequestSchema,
} from "../../../src/gen/mars/v1/ingest_service_pb.ts";
import { callerNamed } from "../../support/caller.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { failure, type RpcClients, rpcClients, transports } from "./clients.ts";

const never = callerNamed();

function batch(batchId: number): CollectStreamRequest {
  const events = [{ appId: "a", messageId: "m", event: "e", eventId: `${batchId}` }];
  return create(CollectStreamRequestSchema, { batchId: BigInt(batchId), events });
}

/** An `Ingest` whose commits are made by hand. */
function handIngest() {
  const commits: ((seq: number | MarsError) => void)[] = [];
  return {
    commits,
    admit() {},
    accept(_events: readonly MarsEvent[]): Promise<number> {
      return new Promise((resolve, reject) => {
        commits.push((seq) => (typeof seq === "number" ? resolve(seq) : reject(seq)));
      });
    },
  };
}

/** Without a limit on events. */
function parts(ingest: ReturnType<typeof handIngest>) {
  return {
    ingest,
    eventLimits: new EventLimits(),
    doors: new Doors({ refused() {} }, new RefusalLog({ warn() {} })),
  };
}

/** Endless batches, counting those that were asked for. */
async function* endless(asked: { count: number }): AsyncGenerator<CollectStreamRequest> {
  while (true) yield batch(++asked.count);
}

/** Runs all microtasks that are due. */
async function runMicrotasks(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

describe("collectStream", () => {
  test("reads no further while its batches await their acknowledgement", async () => {
    const ingest = handIngest();
    const asked = { count: 0 };
    const acks = collectStream(parts(ingest), endless(asked), never);
    const first = acks.next();
    await runMicrotasks();
    expect(asked.count).toBe(batchesInFlightMax);
    ingest.commits[0]?.(1);
    expect(await first).toMatchObject({ value: { batchId: 1n, seq: 1n } });
    // The next acknowledgement is not asked for, so nothing more is read either.
    await runMicrotasks();
    expect(asked.count).toBe(batchesInFlightMax);
    const second = acks.next();
    await runMicrotasks();
    expect(asked.count).toBe(batchesInFlightMax + 1);
    ingest.commits[1]?.(2);
    await second;
  });

  test("acknowledges in order although commits may come out of order", async () => {
    const ingest = handIngest();
    const acks = collectStream(parts(ingest), endless({ count: 0 }), never);
    const first = acks.next();
    await runMicrotasks();
    ingest.commits[1]?.(2);
    ingest.commits[0]?.(1);
    expect([(await first).value?.batchId, (await acks.next()).value?.batchId]).toEqual([1n, 2n]);
  });

  test("acknowledges what it read before the request broke off, and then throws the reason", async () => {
    const ingest = handIngest();
    const requests = async function* () {
      yield batch(1);
      throw new ConnectError("cut off", Code.InvalidArgument);
    };
    const acks = collectStream(parts(ingest), requests(), never);
    const first = acks.next();
    await runMicrotasks();
    ingest.commits[0]?.(1);
    expect((await first).value?.batchId).toBe(1n);
    expect((await failure(acks.next())).code).toBe(Code.InvalidArgument);
  });

  test("ends with the error of the batch that was refused, after the acknowledgements before it", async () => {
    const ingest = handIngest();
    const acks = collectStream(parts(ingest), endless({ count: 0 }), never);
    const first = acks.next();
    await runMicrotasks();
    ingest.commits[1]?.(new MarsError("overloaded", "full", { retryAfterMs: 1000 }));
    ingest.commits[2]?.(new MarsError("overloaded", "full", { retryAfterMs: 1000 }));
    ingest.commits[0]?.(1);
    expect((await first).value?.batchId).toBe(1n);
    await expect(acks.next().catch((error) => error.code)).resolves.toBe("overloaded");
  });

  test("acknowledges what it read when it is stopped, and then says why", async () => {
    const ingest = handIngest();
    const stopping = new AbortController();
    const requests = createWritableIterable<CollectStreamRequest>();
    const acks = collectStream(parts(ingest), requests, callerNamed("test", 1, stopping.signal));
    const first = acks.next();
    void requests.write(batch(1));
    await runMicrotasks();
    stopping.abort(new ConnectError("stopping", Code.Unavailable));
    ingest.commits[0]?.(1);
    expect((await first).value?.batchId).toBe(1n);
    expect((await failure(acks.next())).code).toBe(Code.Unavailable);
  });

  test("accepts nothing that came after its sender's key was revoked, while no acknowledgement was read", async () => {
    const ingest = handIngest();
    const sender = createAnonymous();
    const requests = createWritableIterable<CollectStreamRequest>();
    const acks = collectStream(parts(ingest), requests, { ...never, identity: sender });
    const first = acks.next();
    void requests.write(batch(1));
    await runMicrotasks();
    ingest.commits[0]?.(1);
    await first;
    sender.end("revoked");
    void requests.write(batch(2));
    await runMicrotasks();
    await expect(acks.next().catch((error) => error.code)).resolves.toBe("unauthenticated");
    expect(ingest.commits).toHaveLength(1);
  });

  test("ends with the request", async () => {
    const requests = async function* () {};
    expect(await collectStream(parts(handIngest()), requests(), never).next()).toMatchObject({ done: true });
  });
});

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

/** Those that can speak both ways at once. */
const duplex = transports.filter(([name]) => name.startsWith("gRPC") && !name.includes("Web"));
duplex.push(...transports.filter(([name]) => name.endsWith("over HTTP/2")));

describe.each(duplex)("CollectStream by %s", (_, open) => {
  let clients: RpcClients;
  beforeAll(() => {
    clients = rpcClients(open(mars));
  });

  test("acknowledges every batch, in order, while the stream stays open", async () => {
    const ids = { appId: randomUUID(), messageId: randomUUID() };
    const requests = createWritableIterable<{ batchId: bigint; events: object[] }>();
    const acks = clients.ingest.collectStream(requests)[Symbol.asyncIterator]();
    let seq = 0n;
    for (let batchId = 1n; batchId <= 20n; batchId++) {
      await requests.write({ batchId, events: [{ ...ids, event: "e", eventId: `${batchId}` }] });
      const { value } = await acks.next();
      expect(value).toMatchObject({ batchId, accepted: 1, rejected: 0 });
      expect(value.seq).toBeGreaterThan(seq);
      seq = value.seq;
    }
    await requests.write({ batchId: 21n, events: [{ ...ids, event: "" }] });
    expect((await acks.next()).value).toMatchObject({
      accepted: 0,
      rejected: 1,
      seq: 0n,
      errors: [{ field: "event" }],
    });
    await requests.write({ batchId: 22n, events: [] });
    expect((await acks.next()).value).toMatchObject({ batchId: 22n, accepted: 0, rejected: 0 });
    requests.close();
    expect(await acks.next()).toMatchObject({ done: true });
    const { message } = await clients.messages.getMessage({ ...ids, minSeq: seq });
    expect(message?.events).toHaveLength(20);
  });

  test("takes more than any buffer holds", async () => {
    const ids = { appId: randomUUID(), messageId: randomUUID() };
    const attributes = { text: "x".repeat(7000) };
    const requests = async function* () {
      for (let batchId = 1n; batchId <= 40n; batchId++) {
        yield { batchId, events: Array.from({ length: 100 }, () => ({ ...ids, event: "e", attributes })) };
      }
    };
    let acknowledged = 0;
    for await (const ack of clients.ingest.collectStream(requests())) acknowledged += ack.accepted;
    expect(acknowledged).toBe(4000);
  });
});
