/** One POST to an address that has been checked, within a time, and nothing after it: redirects are not followed. */
import type { LookupOptions } from "node:dns";
import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { orAborted } from "./or-aborted.ts";
import type { Address, Targets } from "./target.ts";

/** What of an answer is read and kept. */
const responseBytesMax = 1_024;

export interface Post {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  /** At most `responseBytesMax` bytes. */
  readonly body: string;
  readonly retryAfter: string | undefined;
}

/**
 * @param signal ends it: the time is up, or Mars stops
 * @throws `TargetError` for what must not be called; what the network says
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
      // A connection of its own: one that is kept may have been made before a name's addresses changed.
      agent: false,
      lookup: lookupOf(addresses),
    });
    const abort = () => sent.destroy(signal.reason);
    const end = (settle: () => void) => {
      signal.removeEventListener("abort", abort);
      settle();
      sent.destroy();
    };
    signal.addEventListener("abort", abort, { once: true });
    sent.on("error", (error) => end(() => reject(signal.aborted ? signal.reason : error)));
    sent.on("response", (response) => {
      readStart(response).then(
        (text) =>
          end(() =>
            resolve({
              status: response.statusCode ?? 0,
              body: text,
              retryAfter: response.headers["retry-after"],
            }),
          ),
        (error) => end(() => reject(signal.aborted ? signal.reason : error)),
      );
    });
    if (signal.aborted) abort();
    sent.end(body);
  });
}

/** Answers with the addresses that were checked, whatever it is asked. */
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
