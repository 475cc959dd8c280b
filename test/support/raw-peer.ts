/** Requests from an address of one's own, over bare sockets: a second address of the loopback is a second peer. */
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

const patienceMs = 20_000;

/** The other peer of the checks. */
export const otherAddress = "127.0.0.2";

export function rawGet(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
}

export function rawJson(method: string, path: string, body: unknown): string {
  const text = JSON.stringify(body);
  return (
    `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
  );
}

/** One request on a connection of its own; resolves to what comes first, which is enough for short answers. */
export function exchange(port: number, request: string, localAddress = otherAddress): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress });
    socket.setTimeout(patienceMs, () => socket.destroy(new Error(`no answer within ${patienceMs} ms`)));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("closed without an answer")));
    socket.write(request);
    socket.once("data", (data) => {
      const text = data.toString();
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]), text });
      socket.destroy();
    });
  });
}

/** A connection that asks and reads nothing. */
export function stopped(port: number, request: string): Socket {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.pause();
  socket.write(request);
  return socket;
}

export const upgradeRequest =
  "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** A WebSocket text frame of at most 125 bytes, masked by zeros. */
export function textFrame(value: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(value));
  if (text.length > 125) throw new Error("only short frames are needed here");
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]);
}

/** Opens a WebSocket, sends the frame, and resolves to what comes after the handshake. */
export function askBySocket(port: number, value: unknown, localAddress = otherAddress): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress });
    socket.setTimeout(patienceMs, () => socket.destroy(new Error(`no frame within ${patienceMs} ms`)));
    socket.on("error", reject);
    socket.write(upgradeRequest);
    let open = false;
    socket.on("data", (data) => {
      const text = data.toString();
      if (open || !text.startsWith("HTTP/1.1 101")) {
        resolve(text);
        socket.destroy();
      } else {
        open = true;
        socket.write(textFrame(value));
      }
    });
  });
}

/** A unary gRPC call; resolves to its `grpc-status`. */
export function grpcCall(port: number, message: Buffer, localAddress = otherAddress): Promise<string> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`http://127.0.0.1:${port}`, {
      createConnection: () => connect({ port, host: "127.0.0.1", localAddress }),
    });
    session.on("error", reject);
    const stream = session.request({
      ":method": "POST",
      ":path": "/mars.v1.IngestService/CollectEvent",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const done = (status: unknown) => {
      resolve(String(status));
      session.destroy();
    };
    stream.on("error", reject);
    stream.on("response", (headers) => {
      if (headers["grpc-status"] !== undefined) done(headers["grpc-status"]);
    });
    stream.on("trailers", (trailers) => done(trailers["grpc-status"]));
    stream.on("close", () => reject(new Error("the call was closed without a status")));
    stream.resume();
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([frame, message]));
  });
}
