import { afterEach, expect, test } from "bun:test";
import { type ClientHttp2Session, connect } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { admitConnections } from "../../../src/edge/rpc/grpc-connections.ts";
import type { ConnectionTimes } from "../../../src/http2/connection-clock.ts";
import { Shares } from "../../../src/runtime/shares.ts";
import { destroyServer, okBlock, startBareServer } from "../../support/http2.ts";

const open: { destroy(): void }[] = [];

afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});

/** A server that answers a call to `/hold` never, and any other at once. */
async function start(max: number, times: ConnectionTimes = {}) {
  const shares = new Shares({ max });
  const server = await startBareServer({
    times,
    admit: admitConnections(shares),
    onStream(stream) {
      if (stream.headers[":path"] !== "/hold") stream.end(okBlock);
    },
  });
  open.push({ destroy: () => destroyServer(server) });
  return { port: server.port, shares };
}

function silent(port: number, localAddress = "127.0.0.1"): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ port, host: "127.0.0.1", localAddress }, () => resolve(socket));
    socket.on("error", reject);
    open.push(socket);
  });
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    // Without a reader the end would not be seen.
    socket.resume();
    socket.once("close", () => resolve());
  });
}

/** An HTTP/2 client; `calls` starts one call. */
function client(port: number, localAddress: string) {
  const session: ClientHttp2Session = connect(`http://127.0.0.1:${port}`, {
    createConnection: () => connectTcp({ port, host: "127.0.0.1", localAddress }),
  });
  session.on("error", () => undefined);
  open.push(session);
  return {
    session,
    call: (path = "/") =>
      new Promise<string>((resolve) => {
        const stream = session.request({ ":path": path, ":method": "POST" }, { endStream: true });
        stream.on("response", (headers) => resolve(String(headers[":status"])));
        stream.on("error", () => resolve("error"));
        stream.on("close", () => resolve("closed"));
        stream.resume();
      }),
  };
}

test("a connection that says nothing is closed in time", async () => {
  const { port, shares } = await start(10, { handshakeMs: 100 });
  const socket = await silent(port);
  await closed(socket);
  while (shares.stats.held > 0) await new Promise((resolve) => setImmediate(resolve));
});

test("so is one that begins to speak and does not go on", async () => {
  const { port } = await start(10, { handshakeMs: 100 });
  const socket = await silent(port);
  socket.write("PRI * HTTP/2.0\r\n\r\nSM");
  await closed(socket);
});

test("one that has been without a call for long is asked to go", async () => {
  const { port, shares } = await start(10, { idleMs: 100 });
  const { session, call } = client(port, "127.0.0.1");
  const gone = new Promise((resolve) => session.once("close", resolve));
  expect(await call()).toBe("200");
  await gone;
  while (shares.stats.held > 0) await new Promise((resolve) => setImmediate(resolve));
});

test("a peer that takes all connections leaves others theirs", async () => {
  const { port, shares } = await start(16);
  for (let n = 0; n < 40; n++) await silent(port, "127.0.0.1");
  expect(await client(port, "127.0.0.2").call()).toBe("200");
  expect(shares.stats.held).toBeLessThanOrEqual(9);
  expect(shares.stats.evicted).toBe(32);
});

test("and one more of its own is served, in place of the one that was silent for longest", async () => {
  const { port } = await start(16);
  const sockets: Socket[] = [];
  for (let n = 0; n < 8; n++) sockets.push(await silent(port));
  const first = closed(sockets[0]!);
  expect(await client(port, "127.0.0.1").call()).toBe("200");
  await first;
});

test("connections with calls under way are not given up for new ones", async () => {
  const { port, shares } = await start(4);
  const busy = [client(port, "127.0.0.1"), client(port, "127.0.0.1")];
  const held = busy.map(({ call }) => call("/hold"));
  while (shares.stats.held < 2) await new Promise((resolve) => setImmediate(resolve));
  await Promise.all(busy.map(({ call }) => call()));
  const refused = client(port, "127.0.0.1");
  await new Promise((resolve) => refused.session.once("close", resolve));
  expect(shares.stats).toMatchObject({ held: 2, refused: 1, evicted: 0 });
  for (const { session } of busy) session.destroy();
  await Promise.all(held);
});
