/**
 * `fetch` for the Mars of this machine by TLS. Its certificate is for the names by which others call it, and perhaps of no authority
 * that this machine knows, so it is compared with the file that Mars has it from, before anything is sent. Bun's `fetch` cannot do
 * that: it calls no `checkServerIdentity` for a certificate that it does not trust.
 */
import { X509Certificate } from "node:crypto";
import { type ClientHttp2Session, connect } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { OwnTls } from "../config/client.ts";

/** The members of `RequestInit` that are understood. */
export interface PinnedInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** Rejects where the server has another certificate, with nothing sent. The connection ends with the answer's body. */
export async function pinnedFetch(
  url: string,
  { method, headers, body, signal }: PinnedInit,
  { cert, key }: OwnTls,
): Promise<Response> {
  const own = new X509Certificate(cert);
  const { origin, pathname, search } = new URL(url);
  signal.throwIfAborted();
  const session = connect(origin, { rejectUnauthorized: false, ...(key !== undefined && { cert, key }) });
  const { promise: failed, reject } = Promise.withResolvers<never>();
  // Also when it fails after the answer.
  failed.catch(() => undefined);
  session.on("error", reject);
  const abort = () => session.destroy(signal.reason as Error);
  signal.addEventListener("abort", abort);
  const end = () => {
    signal.removeEventListener("abort", abort);
    session.destroy();
  };
  try {
    await Promise.race([connected(session), failed]);
    const { raw } = (session.socket as TLSSocket).getPeerCertificate();
    if (!own.raw.equals(raw)) throw new Error("its certificate is not the one of MARS_TLS_CERT");
    const sent = { ":method": method, ":path": pathname + search, ...headers };
    return await Promise.race([answer(session, sent, body, end), failed]);
  } catch (error) {
    end();
    throw error;
  }
}

function connected(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve) => session.once("connect", () => resolve()));
}

async function answer(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string>>,
  body: string | undefined,
  end: () => void,
): Promise<Response> {
  const stream = session.request(headers);
  const { promise, resolve } = Promise.withResolvers<Record<string, unknown>>();
  stream.once("response", (head) => resolve(head));
  stream.end(body);
  const { ":status": status, ...rest } = await promise;
  const fields = Object.entries(rest).filter(([name]) => !name.startsWith(":"));
  const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  const text = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next();
          if (done !== true) return controller.enqueue(value);
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        end();
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
  return new Response(text, {
    status: Number(status),
    headers: fields.map(([name, value]): [string, string] => [name, String(value)]),
  });
}
