/** A gRPC client that sends any bytes. */
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from "node:http2";
import type { ConnectError } from "@connectrpc/connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";

export interface WireAnswer {
  readonly httpStatus: number;
  /** Response headers and trailers. */
  readonly headers: Headers;
  /** The gRPC status; `undefined` when there was none. */
  readonly status: number | undefined;
  readonly error: ConnectError | undefined;
  readonly body: Buffer;
}

export interface WireRequest {
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Written one by one. */
  readonly chunks: readonly Uint8Array[];
  /** Whether the request ends after them. */
  readonly end?: boolean;
}

export class WireClient implements Disposable {
  readonly session: ClientHttp2Session;

  constructor(port: number) {
    this.session = connect(`http://127.0.0.1:${port}`);
    // A connection that fails shows in its calls.
    this.session.on("error", () => {});
  }

  call({ path, headers = {}, chunks, end = true }: WireRequest): Promise<WireAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<WireAnswer>();
    const stream = this.session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    const received = new Headers();
    const body: Buffer[] = [];
    let httpStatus = 0;
    const receive = (fields: object): void => {
      for (const [name, value] of Object.entries(fields)) {
        if (name === ":status") httpStatus = Number(value);
        else if (!name.startsWith(":")) received.set(name, String(value));
      }
    };
    stream.on("response", receive);
    stream.on("trailers", receive);
    stream.on("data", (chunk: Buffer) => body.push(chunk));
    stream.on("error", reject);
    stream.on("close", () => {
      const status = received.get("grpc-status");
      resolve({
        httpStatus,
        headers: received,
        status: status === null ? undefined : Number(status),
        error: findTrailerError(received),
        body: Buffer.concat(body),
      });
    });
    for (const chunk of chunks) stream.write(chunk);
    if (end) stream.end();
    return promise;
  }

  [Symbol.dispose](): void {
    this.session.destroy();
  }
}

/** A message in gRPC's frame. */
export function frame(message: Uint8Array, { flags = 0, length = message.byteLength } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}
