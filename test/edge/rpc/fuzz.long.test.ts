/**
 * Requests that are close to right, over every method and protocol: no input is our fault, so none may be answered with INTERNAL,
 * UNKNOWN, DATA_LOSS or a 500. The seed of a failure is printed by fast-check.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { create, type DescMethod, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import fc from "fast-check";
import { operationServices } from "../../../src/edge/rpc/operations.ts";
import { MarsGrpc } from "../../../src/gen/event_pb.ts";
import { Health } from "../../../src/gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "../../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { IngestService } from "../../../src/gen/mars/v1/ingest_service_pb.ts";
import { startMars, type TestMars } from "../../support/mars.ts";
import { frame, WireClient } from "./wire.ts";

const runs = Number(process.env.MARS_FUZZ_RUNS ?? 1_200);
const ours: readonly number[] = [Code.Internal, Code.Unknown, Code.DataLoss];

const methods: readonly DescMethod[] = [
  ...MarsGrpc.methods,
  ...IngestService.methods,
  ...operationServices.flatMap(({ methods }) => methods),
  ...Health.methods,
  ...ServerReflection.methods,
];

let mars: TestMars;
let grpc: WireClient;
beforeAll(async () => {
  mars = await startMars();
  grpc = new WireClient(mars.grpcPort);
});
afterAll(async () => {
  grpc[Symbol.dispose]();
  await mars[Symbol.asyncDispose]();
});

/** Fields whose first bytes are those of a request: ids, then anything. */
const valid = fc.constantFrom(...methods).map((method) => ({
  method,
  bytes: toBinary(
    method.input,
    create(method.input, { appId: "f", messageId: "m", event: "e", topic: "none" }),
  ),
}));

const mangled = (bytes: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.constant(bytes),
    fc.uint8Array({ maxLength: 60 }),
    fc.nat(bytes.length).map((length) => bytes.slice(0, length)),
    fc.tuple(fc.nat(Math.max(0, bytes.length - 1)), fc.nat(255)).map(([at, value]) => {
      const changed = bytes.slice();
      changed[at] = value;
      return changed;
    }),
    fc.uint8Array({ maxLength: 20 }).map((tail) => Buffer.concat([bytes, tail])),
    fc.constant(gzipSync(bytes)),
    fc.constantFrom(
      ...[
        "{}",
        "[]",
        "null",
        "{",
        '{"appId":5}',
        '{"topic":"\\ud800"}',
        '{"limit":1e400}',
        '{"minSeq":"x"}',
        "\xff",
      ].map((text) => Buffer.from(text, "latin1")),
    ),
  );

const framed = (bytes: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc
    .record({
      message: mangled(bytes),
      flags: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.constantFrom(1, 2, 3, 4, 128, 255)),
      length: fc.option(fc.constantFrom(0, 1, 5, 2 ** 24, 2 ** 32 - 1), { nil: undefined, freq: 4 }),
    })
    .map(({ message, flags, length }) => frame(message, { flags, ...(length !== undefined && { length }) }));

const headers = fc.record(
  {
    "grpc-timeout": fc.constantFrom("99999999H", "1n", "0S", "x", "", "-1S", "999999999H"),
    "connect-timeout-ms": fc.constantFrom("9999999999", "0", "x", "-1", "99999999999", "1e9"),
    "connect-protocol-version": fc.constantFrom("1", "2", ""),
    "grpc-encoding": fc.constantFrom("gzip", "identity", "br", ""),
    "connect-content-encoding": fc.constantFrom("gzip", "identity", "br"),
    "content-encoding": fc.constantFrom("gzip", "identity", "br"),
    "accept-encoding": fc.constantFrom("gzip", "identity", "*"),
    "grpc-accept-encoding": fc.constantFrom("gzip", "x"),
  },
  { requiredKeys: [] },
);

const unaryTypes = ["application/proto", "application/json", "application/json; charset=utf-8"];
const framedTypes = [
  "application/connect+proto",
  "application/connect+json",
  "Application/Connect+Proto",
  "application/connectproto",
  "application/grpc-web",
  "application/grpc-web+proto",
  "Application/gRPC-Web+Proto",
  "application/grpc-web+json",
  "application/grpc-web-text",
];
const grpcTypes = ["application/grpc", "application/grpc+proto", "application/grpc+json"];

const pathOf = ({ parent, name }: DescMethod) => `/${parent.typeName}/${name}`;

/** What an answer on port 4000 blames on us; empty for none. */
async function blamed(response: Response): Promise<string> {
  const text = Buffer.from(await response.arrayBuffer()).toString("latin1");
  if (response.status === 500) return `500: ${text}`;
  const status = /grpc-status: (\d+)/i.exec(text)?.[1] ?? response.headers.get("grpc-status");
  if (status !== null && ours.includes(Number(status))) return text;
  return /"code":"(internal|unknown|data_loss)"/.test(text) ? text : "";
}

const posted = valid.chain(({ method, bytes }) =>
  fc.record({
    method: fc.constant(method),
    body: fc.oneof(
      fc.record({ type: fc.constantFrom(...unaryTypes), bytes: mangled(bytes) }),
      fc.record({ type: fc.constantFrom(...framedTypes), bytes: framed(bytes) }),
      fc.record({
        type: fc.constantFrom(...unaryTypes, ...framedTypes, ...grpcTypes),
        bytes: mangled(bytes),
      }),
    ),
    headers,
  }),
);

test(
  "Connect and gRPC-Web blame nothing on us",
  () =>
    fc.assert(
      fc.asyncProperty(posted, async ({ method, body, headers: sent }) => {
        const response = await fetch(mars.url + pathOf(method), {
          method: "POST",
          headers: { ...sent, "content-type": body.type },
          body: Buffer.from(body.bytes),
          decompress: false,
          signal: AbortSignal.timeout(10_000),
        });
        expect(await blamed(response)).toBe("");
      }),
      { numRuns: runs },
    ),
  60_000,
);

const asked = valid.chain(({ method, bytes }) =>
  fc.record({
    method: fc.constant(method),
    message: fc.oneof(
      mangled(bytes).map((some) => Buffer.from(some).toString("base64url")),
      mangled(bytes).map((some) => Buffer.from(some).toString("base64")),
      fc.string({ maxLength: 20 }),
      fc.constantFrom("!!!", "=", "%%", "%00", "a=b=c"),
    ),
    query: fc.record(
      {
        connect: fc.constantFrom("v1", "v2", ""),
        encoding: fc.constantFrom("proto", "json", "xml", ""),
        base64: fc.constantFrom("1", "0", ""),
        compression: fc.constantFrom("gzip", "br", "identity", ""),
      },
      { requiredKeys: [] },
    ),
    headers,
  }),
);

test(
  "Connect by GET blames nothing on us",
  () =>
    fc.assert(
      fc.asyncProperty(asked, async ({ method, message, query, headers: sent }) => {
        const search = new URLSearchParams({ ...(query as Record<string, string>), message });
        const response = await fetch(`${mars.url}${pathOf(method)}?${search}`, {
          headers: sent,
          decompress: false,
        });
        expect(await blamed(response)).toBe("");
      }),
      { numRuns: runs },
    ),
  60_000,
);

const called = valid.chain(({ method, bytes }) =>
  fc.record({
    method: fc.constant(method),
    type: fc.constantFrom(...grpcTypes, "application/grpc", "application/grpc"),
    chunks: fc.array(fc.oneof(framed(bytes), framed(bytes), mangled(bytes)), { maxLength: 3 }),
    headers: headers.map(({ "grpc-timeout": timeout, "grpc-encoding": encoding }) => ({
      ...(timeout !== undefined && { "grpc-timeout": timeout }),
      ...(encoding !== undefined && { "grpc-encoding": encoding }),
    })),
  }),
);

test(
  "gRPC answers no fault as INTERNAL, and its connection stays open",
  () =>
    fc.assert(
      fc.asyncProperty(called, async ({ method, type, chunks, headers: sent }) => {
        const answer = await grpc.call({
          path: pathOf(method),
          headers: { "content-type": type, ...sent },
          chunks,
        });
        expect(answer.httpStatus).toBeLessThan(500);
        if (answer.status !== undefined)
          expect([answer.error?.message, ours.includes(answer.status)]).toEqual([
            answer.error?.message,
            false,
          ]);
      }),
      { numRuns: Math.ceil(runs / 2) },
    ),
  60_000,
);
