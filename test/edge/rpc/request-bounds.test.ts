import { expect, test } from "bun:test";
import type { UniversalHandler, UniversalServerRequest } from "@connectrpc/connect/protocol";
import { Doors } from "../../../src/edge/doors.ts";
import { EventLimits } from "../../../src/edge/event-limits.ts";
import { Intake } from "../../../src/edge/intake.ts";
import { RefusalLog } from "../../../src/edge/refusal-log.ts";
import { boundRequests } from "../../../src/edge/rpc/request-bounds.ts";
import { frameHeadBytes } from "../../../src/edge/rpc/request-guard.ts";
import { IngestService } from "../../../src/gen/mars/v1/ingest_service_pb.ts";

const nothing = () => undefined;
const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

test("a stream of empty messages, which come in one piece, lets others have their turns", async () => {
  let frames = 0;
  const reader = async ({ body }: UniversalServerRequest) => {
    for await (const _ of body as AsyncIterable<Uint8Array>) frames++;
    return { status: 200 };
  };
  const handler = boundRequests(
    Object.assign(reader, {
      method: IngestService.method.collectStream,
    }) as Partial<UniversalHandler> as UniversalHandler,
    {
      intake: new Intake({ admit: nothing }),
      eventLimits: new EventLimits(),
      doors: new Doors({ refused: nothing }, new RefusalLog({ warn: nothing })),
      log,
    },
    { bytesMax: 1_000, takesEvents: true },
  );
  async function* body() {
    yield new Uint8Array(10_000 * frameHeadBytes);
  }
  let turns = 0;
  let ended = false;
  const count = () => {
    turns++;
    if (!ended) setImmediate(count);
  };
  setImmediate(count);
  const header = new Headers({ "content-type": "application/grpc" });
  await handler({
    httpVersion: "2",
    url: "http://127.0.0.1/",
    method: "POST",
    header,
    body: body(),
    signal: new AbortController().signal,
  });
  ended = true;
  expect(frames).toBe(10_000);
  expect(turns).toBeGreaterThan(50);
});
