/** A bare HTTP/2 server, for tests of what stands on it. */
import { listenByBun } from "../../src/http2/bun-transport.ts";
import { encodeFields } from "../../src/http2/hpack-encoder.ts";
import { type Http2Server, type Http2ServerOptions, startHttp2Server } from "../../src/http2/server.ts";

/** The block of an answer without anything. */
export const okBlock = encodeFields([[":status", "200"]]);

/** Starts one whose peers are addresses; a fault of its own fails the test that asks for `faults`. */
export async function startBareServer(
  options: Partial<Http2ServerOptions> & Pick<Http2ServerOptions, "onStream">,
): Promise<Http2Server & { readonly faults: unknown[] }> {
  const faults: unknown[] = [];
  const server = await startHttp2Server({
    listen: listenByBun,
    host: "127.0.0.1",
    port: 0,
    times: {},
    sweepMs: 20,
    streamsMax: 100,
    streamWindowBytes: 65_535,
    connectionWindowBytes: 1024 * 1024,
    headerListBytesMax: 16 * 1024,
    peerOf: ({ remoteAddress = "" }) => remoteAddress,
    admit: () => true,
    onClientFault: () => undefined,
    onError: (error) => faults.push(error),
    ...options,
  });
  return { ...server, faults };
}

/** Ends a server and all of its connections. */
export function destroyServer(server: Http2Server): void {
  void server.close();
  for (const connection of [...server.connections]) connection.destroy();
}
