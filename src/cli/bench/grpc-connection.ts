/** `mars.v1.IngestService/CollectEvent` over native gRPC: one HTTP/2 connection, without a library. */
import { type ClientHttp2Session, connect } from "node:http2";
import type { BenchEvent } from "./bench-event.ts";
import type { Connection, ConnectionOptions, Sent } from "./door.ts";
import { collectEventRequest, seqOfResponse } from "./protobuf.ts";

const path = "/mars.v1.IngestService/CollectEvent";
/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html: RESOURCE_EXHAUSTED, UNAVAILABLE. */
const passing = new Set(["8", "14"]);
const waitMs = 1_000;
/** The flag for compression, and the length. */
const headBytes = 5;

/** @param authority host and port */
export function grpcConnection({ client, agent, signal }: ConnectionOptions, authority: string): Connection {
  const { key, tls, url } = client;
  const origin = `${url.startsWith("https:") ? "https" : "http"}://${authority}`;
  const options = {
    ...(tls !== undefined && {
      ca: tls.cert,
      cert: tls.cert,
      ...(tls.key !== undefined && { key: tls.key }),
    }),
  };
  let session: ClientHttp2Session | undefined;
  let broken = "";
  const opened = (): ClientHttp2Session => {
    if (session !== undefined && !session.closed && !session.destroyed) return session;
    const one = connect(origin, options);
    // Every stream under way says it, too.
    one.on("error", (error) => {
      broken = error.message;
    });
    session = one;
    return one;
  };
  const headers = {
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    "user-agent": agent,
    ...(key !== undefined && { authorization: `Bearer ${key.text}` }),
  };

  const send = ([event]: readonly BenchEvent[]): Promise<Sent> =>
    new Promise((resolve) => {
      const unanswered = (reason: string) =>
        resolve({ outcome: "unanswered", reason: `no answer from ${authority}: ${broken || reason}` });
      if (signal.aborted) return unanswered("stopped");
      const stream = opened().request(headers);
      const chunks: Buffer[] = [];
      let status: { readonly code: string; readonly text: string } | undefined;
      const read = (from: Readonly<Record<string, unknown>>) => {
        const code = from["grpc-status"];
        if (code !== undefined) status = { code: String(code), text: String(from["grpc-message"] ?? "") };
      };
      const abort = () => stream.close();
      signal.addEventListener("abort", abort, { once: true });
      stream.on("response", read);
      stream.on("trailers", read);
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", (error) => unanswered(error.message));
      stream.on("close", () => {
        signal.removeEventListener("abort", abort);
        if (status === undefined) return unanswered("the stream has ended");
        const { code, text } = status;
        if (code === "0") {
          const answer = Buffer.concat(chunks).subarray(headBytes);
          return resolve({ outcome: "acknowledged", seq: seqOfResponse(answer) });
        }
        const reason = `${decoded(text)} (gRPC status ${code})`;
        resolve(
          passing.has(code)
            ? { outcome: "refused", reason, waitMs }
            : { outcome: "ended", sentences: [reason] },
        );
      });
      stream.end(framed(collectEventRequest(event!)));
    });

  return { send, close: () => session?.close() };
}

function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** gRPC has its messages percent-encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
