/** One POST to an address that has been checked, within a time, and nothing after it: redirects are not followed. */
import type { LookupOptions } from "node:dns";
import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { orAborted } from "../../runtime/or-aborted.ts";
import type { Address, Targets } from "./target.ts";

/** What of an answer's text is read and kept. */
const responseBytesMax = 1_024;

/** Interim answers (1xx) before the one that counts: a receiver could send them for ever, and each costs. */
const interimMax = 8;

/** The message completes "it …": what went wrong, and nothing of what else may be behind an address. */
export class PostError extends Error {}

export interface Post {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  /** At most `responseBytesMax` bytes, and nothing of a success: what a receiver says is shown to whoever reads deliveries. */
  readonly body: string;
  readonly retryAfter: string | undefined;
}

/**
 * @param signal ends it: the time is up, or Mars stops
 * The answer's head is bounded by the runtime (16 KiB), its interim answers and its text by the bounds above, and all of it by
 * `signal`.
 *
 * @throws `TargetError` for what must not be called, `PostError` for what came of the call, the signal's reason
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

/** Codes of what happens before a connection is there: which of them it is would reveal what is behind an address. */
const unconnected = /^(ECONN|EHOST|ENET|EADDR|ETIMEDOUT|EPIPE|EACCES|EPERM|ENOTFOUND|EAI_)/;

function postError(cause: Error): PostError {
  const code = "code" in cause ? String(cause.code) : "";
  if (code.startsWith("HPE_")) return new PostError("answered with what is not HTTP", { cause });
  if (code === "" || unconnected.test(code)) return new PostError("could not be connected to", { cause });
  // A certificate that does not do; its own texts name hosts.
  return new PostError(`could not be connected to: ${code}`, { cause });
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
