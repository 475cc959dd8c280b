/**
 * The id of a request, by which a client's report, an answer and a line of the log are found together. The client's own, if it has
 * sent one that is safe to repeat; else it is made when the request fails: one that succeeds costs nothing.
 */
import { randomUUID } from "node:crypto";

/** Of requests and answers, and of the metadata of RPCs. */
export const requestIdHeader = "x-request-id";

/** Printable ASCII without spaces, 1 to 128 characters: it goes into headers and into the log as it is. */
const sane = /^[!-~]{1,128}$/;

/** The id that a client has sent; `undefined` without one, and for one that is too long or not printable. */
export function sentRequestId(headers: Pick<Headers, "get">): string | undefined {
  return saneRequestId(headers.get(requestIdHeader));
}

/** @param sent the text of the header, if there is any */
export function saneRequestId(sent: unknown): string | undefined {
  return typeof sent === "string" && sane.test(sent) ? sent : undefined;
}

/** The id that a client has sent, or a new one: random, 36 characters. */
export function requestIdFrom(sent: unknown): string {
  return saneRequestId(sent) ?? randomUUID();
}

const made = new WeakMap<Request, string>();

/** The id of a request that is refused or fails; the same at each call. */
export function requestIdOf(request: Request): string {
  const known = sentRequestId(request.headers) ?? made.get(request);
  if (known !== undefined) return known;
  const id = randomUUID();
  made.set(request, id);
  return id;
}

/** Adds to an answer the id that its client has sent. */
export function echoRequestId(answer: Headers, request: Request): void {
  const sent = sentRequestId(request.headers);
  if (sent === undefined) return;
  // gRPC-Web's errors have it in their trailers, which clients join with the header.
  if (answer.get("content-type")?.startsWith("application/grpc-web") !== true)
    answer.set(requestIdHeader, sent);
}
