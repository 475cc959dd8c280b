/** The end of rights: of a key that is revoked or expires, of callers without a key at the first one. At every door, within a second. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { EventRequestSchema } from "../../src/gen/event_pb.ts";
import { frame, WireClient } from "../edge/rpc/wire.ts";
import { LiveClient } from "../support/live-client.ts";
import { startMars, type TestMars } from "../support/mars.ts";
import { requestText } from "../support/raw.ts";
import { until } from "../support/until.ts";
import { adminKey, bearer, call } from "./doors.ts";
import { HalfRequest } from "./half-request.ts";
import { type OpenStream, openStreams } from "./open-streams.ts";

/** From the contract. */
const withinMs = 1_000;

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars({ adminKey });
});
afterAll(() => mars[Symbol.asyncDispose]());

interface Made {
  readonly id: string;
  readonly token: string;
}

async function makeKey(kind = "ad", more: object = {}): Promise<Made> {
  const wanted = { kind, apps: ["*"], name: "test", ...more };
  return (await call(mars, "POST /api/keys", adminKey, wanted)).body as unknown as Made;
}

async function revoke({ id }: Made): Promise<void> {
  expect((await call(mars, `DELETE /api/keys/${id}`, adminKey)).status).toBe(200);
}

/** Waits for the end of all, and compares how they have ended. @returns how long the last one took, in milliseconds */
async function endOfAll(streams: readonly OpenStream[], since: number): Promise<number> {
  let last = 0;
  const ends = await Promise.all(
    streams.map(async ({ name, ended }) => {
      const end = await ended;
      last = Math.max(last, performance.now() - since);
      return [name, end];
    }),
  );
  const wanted = streams.map(({ name }) => {
    if (/sent events/.test(name)) return [name, "unauthenticated"];
    return [name, /WebSocket|Phoenix/.test(name) ? "4401" : Code[Code.Unauthenticated]];
  });
  expect(ends).toEqual(wanted);
  return last;
}

describe("every stream and socket", () => {
  test("of a key ends when it is revoked", async () => {
    const key = await makeKey();
    const [streams, others] = await Promise.all([openStreams(mars, key.token), openStreams(mars, adminKey)]);
    const since = performance.now();
    await revoke(key);
    const ms = await endOfAll(streams, since);
    process.stderr.write(`revoked: ${streams.length} streams and sockets ended within ${ms.toFixed(0)} ms\n`);
    expect(ms).toBeLessThan(withinMs);
    // Those of another key go on.
    const still = Promise.race(others.map(({ ended }) => ended));
    expect(await Promise.race([still, call(mars, "GET /api/apps", adminKey)])).toMatchObject({ status: 200 });
  });

  test("of a key ends when it expires", async () => {
    const expiresAt = Date.now() + 1_500;
    const key = await makeKey("ad", { expires_at: new Date(expiresAt).toISOString() });
    const streams = await openStreams(mars, key.token);
    const since = performance.now() + expiresAt - Date.now();
    const ms = await endOfAll(streams, since);
    process.stderr.write(`expired: ${streams.length} streams and sockets ended within ${ms.toFixed(0)} ms\n`);
    expect(ms).toBeLessThan(withinMs);
  });

  test("of a key's former text ends when it has a new one", async () => {
    const key = await makeKey();
    const streams = await openStreams(mars, key.token);
    const since = performance.now();
    expect((await call(mars, `POST /api/keys/${key.id}/rotate`, adminKey)).status).toBe(200);
    expect(await endOfAll(streams, since)).toBeLessThan(withinMs);
  });

  test("of callers without a key ends when there is a first one", async () => {
    await using open = await startMars();
    const streams = await openStreams(open);
    const since = performance.now();
    const first = { kind: "in", apps: ["shop"], name: "first" };
    const made = await fetch(`${open.url}/api/keys`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(first),
    });
    expect(made.status).toBe(200);
    expect(await endOfAll(streams, since)).toBeLessThan(withinMs);
  });

  test("is refused to a key that was revoked, also where it subscribes again", async () => {
    const key = await makeKey("ro");
    const socket = await LiveClient.open(mars, "/ws", bearer(key.token));
    await revoke(key);
    expect((await socket.closed).code).toBe(4401);
    const again = await LiveClient.open(mars, "/ws", bearer(key.token));
    expect((await again.closed).code).toBe(4401);
    expect((await call(mars, "GET /api/stream?topic=all", key.token)).status).toBe(401);
  });
});

describe("what a key has begun before it is revoked", () => {
  const event = { app_id: "late", message_id: "m", event: "e" };

  async function lastSeq(): Promise<unknown> {
    const { body } = await call(mars, "GET /api/q/stats", adminKey);
    return (body.journal as { last_seq: number }).last_seq;
  }

  test.each([
    ["POST /api/event", "in", JSON.stringify(event)],
    ["POST /api/event/bulk", "in", JSON.stringify({ events: [event] })],
    ["POST /mars.v1.IngestService/CollectEvent", "in", '{"appId":"late","messageId":"m","event":"e"}'],
    ["POST /api/keys", "ad", JSON.stringify({ kind: "ad", apps: ["*"], name: "kept by a thief" })],
    ["PUT /api/apps/late/lifecycle", "rw", '{"stages":[{"event":"e"}],"complete_on":["e"]}'],
    ["POST /mars.v1.AccessService/CreateKey", "ad", '{"kind":"ad","apps":["*"],"name":"kept by a thief"}'],
  ])("%s is refused where its body comes after", async (line, kind, body) => {
    const key = await makeKey(kind);
    const headers = [
      "Host: localhost",
      "Content-Type: application/json",
      `Authorization: Bearer ${key.token}`,
    ];
    const text = requestText(line, headers, body);
    await using half = await HalfRequest.begin(mars, text.slice(0, -4));
    // A call after it, on a connection of its own: so Mars has the first half.
    await lastSeq();
    await revoke(key);
    const before = await lastSeq();
    expect(await half.finish(text.slice(-4))).toBe(401);
    expect(await lastSeq()).toBe(before);
    const { body: listed } = await call(mars, "GET /api/keys?limit=1000", adminKey);
    expect(JSON.stringify(listed)).not.toContain("kept by a thief");
  });

  test("a gRPC call is refused where its message comes after", async () => {
    const key = await makeKey("in");
    using client = new WireClient(mars.grpcPort);
    const message = frame(
      toBinary(EventRequestSchema, create(EventRequestSchema, { appId: "late", messageId: "m", event: "e" })),
    );
    const stream = client.session.request({
      ":method": "POST",
      ":path": "/MarsWeb.GrpcService.MarsGrpc/collectEvent",
      "content-type": "application/grpc",
      te: "trailers",
      ...bearer(key.token),
    });
    stream.write(message.subarray(0, 8));
    const status = new Promise((resolve) => {
      stream.on("response", (fields) => resolve(fields["grpc-status"]));
    });
    await lastSeq();
    await revoke(key);
    const before = await lastSeq();
    stream.end(message.subarray(8));
    expect(await status).toBe(String(Code.Unauthenticated));
    expect(await lastSeq()).toBe(before);
  });

  test("a read that waits for a seq is not answered", async () => {
    const key = await makeKey("ro");
    const { body } = await call(mars, "POST /api/event", adminKey, event);
    const read = call(mars, `GET /api/messages?min_seq=${Number(body.seq) + 1}`, key.token);
    await until(async () => {
      const { shares } = (await call(mars, "GET /api/q/stats", adminKey)).body;
      return (shares as { min_seq_waits: { held: number } }).min_seq_waits.held === 1;
    });
    await revoke(key);
    await call(mars, "POST /api/event", adminKey, event);
    expect((await read).status).toBe(401);
  });
});
