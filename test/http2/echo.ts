/** A server that answers with what it gets, and what is sent to it. */
import { afterAll, beforeAll, expect } from "bun:test";
import { encodeFields } from "../../src/http2/hpack-encoder.ts";
import type { Stream } from "../../src/http2/stream.ts";
import { destroyServer, okBlock, startBareServer } from "../support/http2.ts";
import { END_HEADERS, END_STREAM, headers, request } from "./wire.ts";

/** The last body of each path. */
export const bodies = new Map<string, string>();

/** Starts one for the tests of a file. @returns its port, once they run */
export function startEcho(): () => number {
  let server: Awaited<ReturnType<typeof startBareServer>>;
  beforeAll(async () => {
    server = await startBareServer({ onStream: echo });
  });
  afterAll(() => {
    expect(server.faults).toEqual([]);
    destroyServer(server);
  });
  return () => server.port;
}

/** Answers with the body and its length as a trailer; `/hold` waits for ever, `/now` answers before the body. */
function echo(stream: Stream): void {
  const path = stream.headers[":path"] ?? "";
  const chunks: Buffer[] = [];
  if (path === "/now") stream.end(okBlock);
  stream.read({
    data: (chunk) => chunks.push(chunk),
    end() {
      const body = Buffer.concat(chunks);
      bodies.set(path, body.toString());
      if (path === "/hold" || path === "/now") return;
      stream.answer(okBlock, body, encodeFields([["length", `${body.length}`]]));
    },
  });
}

/** A request's fields with another path. */
export const at = (path: string) =>
  request.map(([name, value]) => [name, name === ":path" ? path : value] as const);

/** Begins a stream. */
export const open = (stream: number, path = "/hold", flags = END_HEADERS) => headers(stream, at(path), flags);

/** A request's fields and more. */
export const fields = (...more: readonly (readonly [string, string])[]) => [...request, ...more];

/** The flags of HEADERS that are a whole request. */
export const whole = END_HEADERS | END_STREAM;
