import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { Code, type ConnectError } from "@connectrpc/connect";
import { MessageOrder } from "../../../src/gen/mars/v1/message_service_pb.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { failure, type RpcClients, rpcClients, transports, violations } from "./clients.ts";

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

describe.each([...transports])("reading by %s", (_, open) => {
  const appId = randomUUID();
  let clients: RpcClients;
  let minSeq: bigint;
  beforeAll(async () => {
    clients = rpcClients(open(mars));
    const events = ["m-1", "m-2", "m-3", "n-4"].flatMap((messageId, i) => [
      { appId, messageId, event: "created", createdAt: { seconds: 1000n + BigInt(i) } },
      ...(i % 2 === 0
        ? [
            {
              appId,
              messageId,
              event: "sent",
              createdAt: { seconds: 2000n - BigInt(i) },
              externalId: `x/${i}`,
            },
          ]
        : []),
    ]);
    minSeq = (await clients.ingest.collectEvents({ events })).seq;
  });

  async function ids(query: Parameters<RpcClients["messages"]["listMessages"]>[0]): Promise<string[]> {
    const { messages } = await clients.messages.listMessages({ appId, minSeq, ...query });
    return messages.map(({ messageId }) => messageId);
  }

  test("lists by every filter and order", async () => {
    expect(await ids({})).toEqual(["n-4", "m-3", "m-2", "m-1"]);
    expect(await ids({ order: MessageOrder.OLDEST })).toEqual(["m-1", "m-2", "m-3", "n-4"]);
    expect(await ids({ order: MessageOrder.UPDATED })).toEqual(["m-1", "m-3", "n-4", "m-2"]);
    expect(await ids({ messageId: "m-2" })).toEqual(["m-2"]);
    expect(await ids({ externalId: "x/2" })).toEqual(["m-3"]);
    expect(await ids({ event: "sent" })).toEqual(["m-3", "m-1"]);
    expect(await ids({ missing: "sent" })).toEqual(["n-4", "m-2"]);
    expect(await ids({ prefix: "m-" })).toEqual(["m-3", "m-2", "m-1"]);
    expect(await ids({ since: { seconds: 1001n }, until: { seconds: 1003n } })).toEqual(["m-3", "m-2"]);
  });

  test("turns the pages by cursor", async () => {
    const pages: string[][] = [];
    let cursor = "";
    do {
      const page = await clients.messages.listMessages({ appId, minSeq, limit: 3, cursor });
      pages.push(page.messages.map(({ messageId }) => messageId));
      cursor = page.nextCursor;
    } while (cursor !== "");
    expect(pages.flat()).toEqual(["n-4", "m-3", "m-2", "m-1"]);
    expect(pages[0]).toHaveLength(3);
  });

  test("refuses a query by field", async () => {
    const refused: [Parameters<RpcClients["messages"]["listMessages"]>[0], string][] = [
      [{ limit: 1001 }, "limit"],
      [{ order: 99 as MessageOrder }, "order"],
      [{ messageId: "x".repeat(513) }, "message_id"],
      [{ since: { seconds: 8_993_980_800n } }, "since"],
      [{ minSeq: 2n ** 63n }, "min_seq"],
    ];
    for (const [query, field] of refused) {
      const error = await failure(clients.messages.listMessages(query));
      expect([error.code, violations(error)]).toEqual([Code.InvalidArgument, [field]]);
    }
    const error = await failure(clients.messages.getMessage({ messageId: "m" }));
    expect(violations(error)).toEqual(["app_id"]);
    expect((await failure(clients.messages.listMessages({ cursor: "nonsense" }))).code).toBe(
      Code.InvalidArgument,
    );
  });

  test("says so when there is no such message", async () => {
    const error = await failure(clients.messages.getMessage({ appId, messageId: "nothing", minSeq }));
    expect(error.code).toBe(Code.NotFound);
  });

  test("stops waiting for min_seq at the call's deadline", async () => {
    const request = { appId, messageId: "m-1", minSeq: 2n ** 52n };
    const error = await failure(clients.messages.getMessage(request, { timeoutMs: 30 }));
    expect(error.code).toBe(Code.DeadlineExceeded);
  });

  test("attributes come back as deep as they may go", async () => {
    let attributes = {};
    for (let level = 1; level < 32; level++) attributes = { a: attributes };
    const ids = { appId: randomUUID(), messageId: "deep" };
    const { seq } = await clients.ingest.collectEvent({ ...ids, event: "e", attributes });
    const { message } = await clients.messages.getMessage({ ...ids, minSeq: seq });
    expect(message?.events[0]?.attributes).toEqual(attributes);
    const watch = clients.messages.watchEvents({ topic: `apps/${ids.appId}`, afterSeq: seq - 1n });
    for await (const { item } of watch) {
      if (item.case !== "batch") continue;
      expect(item.value.events[0]?.attributes).toEqual(attributes);
      break;
    }
  });

  test("watches a topic from a seq on: what was, and then what is", async () => {
    const topic = `apps/${appId}/messages/watched`;
    const event = (name: string) => ({ appId, messageId: "watched", event: name });
    const { seq: first } = await clients.ingest.collectEvent(event("first"));
    const cancel = new AbortController();
    const watch = clients.messages.watchEvents({ topic, afterSeq: first - 1n }, { signal: cancel.signal });
    const seen: [string, bigint][] = [];
    let sent = first;
    let error: ConnectError | undefined;
    try {
      for await (const { item } of watch) {
        if (item.case === "started") {
          expect(item.value).toMatchObject({ seq: first - 1n, recovered: true });
          continue;
        }
        for (const each of item.value?.events ?? []) {
          expect(each).toMatchObject({ appId, messageId: "watched" });
          seen.push([each.event, each.seq]);
        }
        if (seen.length === 3) cancel.abort();
        else sent = (await clients.ingest.collectEvent(event(`next-${seen.length}`))).seq;
      }
    } catch (thrown) {
      error = thrown as ConnectError;
    }
    expect(error?.code).toBe(Code.Canceled);
    expect(seen.map(([name]) => name)).toEqual(["first", "next-1", "next-2"]);
    expect(seen.at(-1)?.[1]).toBe(sent);
  });

  test("refuses a topic that there cannot be", async () => {
    const watch = async () => {
      for await (const _ of clients.messages.watchEvents({ topic: "nowhere" })) expect.unreachable();
    };
    const error = await failure(watch());
    expect([error.code, violations(error)]).toEqual([Code.InvalidArgument, ["topic"]]);
  });
});
