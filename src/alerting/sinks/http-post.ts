/** One POST to an address that has been checked, within a time, and nothing after it: redirects are not followed. */
import type { LookupOptions } from "node:dns";
import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { orAborted } from "../../runtime/or-aborted.ts";
import type { Address, Targets } from "./target.ts";

/** Bytes of an answer's body that are read and kept. */
const responseBytesMax = 1_024;

/** Interim answers (1xx) before the final one: a receiver could send them without end, and each costs. */
const interimMax = 8;

/** The message completes "it …". It names the failure, and reveals nothing of what is behind an address. */
export class PostError extends Error {}

export interface Post {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  /** At most `responseBytesMax` bytes, and empty for a success: readers of deliveries see it. */
  readonly body: string;
  readonly retryAfter: string | undefined;
}

/**
 * Sends one request. The runtime bounds the answer's head (16 KiB), the bounds above its interim answers and its body, and
 * `signal` the time of it all.
 *
 * @param signal aborts at the timeout, and when Mars stops
 * @throws `TargetError` for an address that must not be called, `PostError` for a failed call, the signal's reason
 */
export async function post(
  targets: Pick<Targets, "resolve">,
  { url, headers, body }: Post,
  signal: AbortSignal,
): Promise<Reply> {
  const addresses = await orAborted(targets.resolve(url), signal);
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  return await new Promise<Reply>((resolve, reject) => {
    const sent: ClientRequest = request(url, {
      method: "POST",
      headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
      // A connection of its own: a kept one may be older than the name's present addresses.
      agent: false,
      lookup: lookupOf(addresses),
    });
    const abort = () => sent.destroy(signal.reason);
    const end = (act: () => void) => {
      signal.removeEventListener("abort", abort);
      act();
      sent.destroy();
    };
    signal.addEventListener("abort", abort, { once: true });
    const fail = (error: Error) =>
      end(() =>
        reject(signal.aborted ? signal.reason : error instanceof PostError ? error : postError(error)),
      );
    let interim = 0;
    sent.on("information", () => {
      interim += 1;
      if (interim > interimMax) fail(new PostError(`sent more than ${interimMax} interim answers`));
    });
    sent.on("upgrade", (_response, socket) => {
      socket.destroy();
      fail(new PostError("answered 101"));
    });
    sent.on("error", fail);
    sent.on("response", (response) => {
      const status = response.statusCode ?? 0;
      const text = status >= 200 && status < 300 ? Promise.resolve("") : readStart(response);
      text.then(
        (text) =>
          end(() =>
            resolve({
              status,
              body: text,
              retryAfter: response.headers["retry-after"],
            }),
          ),
        fail,
      );
    });
    if (signal.aborted) abort();
    sent.end(body);
  });
}

/** Codes of failures before a connection is open. They are not shown: they would reveal what is behind an address. */
const unconnected = /^(ECONN|EHOST|ENET|EADDR|ETIMEDOUT|EPIPE|EACCES|EPERM|ENOTFOUND|EAI_)/;

function postError(cause: Error): PostError {
  const code = "code" in cause ? String(cause.code) : "";
  if (code.startsWith("HPE_")) return new PostError("answered with what is not HTTP", { cause });
  if (code === "" || unconnected.test(code)) return new PostError("could not be connected to", { cause });
  // A certificate that is not accepted; its own texts name hosts.
  return new PostError(`could not be connected to: ${code}`, { cause });
}

/** A look-up that answers any name with the addresses that were checked. */
function lookupOf(addresses: readonly Address[]) {
  return (
    _host: string,
    options: LookupOptions,
    callback: (error: null, address: string | Address[], family?: number) => void,
  ): void => {
    const [first] = addresses;
    if (options.all || first === undefined) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
}

async function readStart(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length >= responseBytesMax) break;
  }
  return Buffer.concat(chunks).subarray(0, responseBytesMax).toString();
}
