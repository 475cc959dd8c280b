/**
 * Lists as lines of JSON: every item of every page, to clients that ask for `application/x-ndjson`. One page is in memory at a
 * time, and the next is read when the client has read this one.
 */
import type { Operation } from "../../api/operation.ts";
import type { Caller } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import { pacedBody, pieceBytes } from "../paced-body.ts";
import type { EdgeParts } from "../parts.ts";
import { requestIdFrom, sentRequestId } from "../request-id.ts";
import { acceptsLines } from "./media-type.ts";

type Page = Readonly<Record<string, unknown>> & { readonly next_cursor: string | null };

/** Whether the answer is to be lines. */
export function wantsLines({ lines }: Pick<Operation, "lines">, request: Request): boolean {
  return lines !== undefined && acceptsLines(request.headers.get("accept"));
}

/**
 * Answers when the first page has been read, so that what is wrong with a request is refused as ever. A fault behind it breaks the
 * answer off: it must not look complete.
 */
export async function answerLines(
  operation: Operation,
  parts: EdgeParts,
  input: Readonly<Record<string, unknown>>,
  caller: Caller,
  request: Request,
): Promise<Response> {
  const first = (await operation.run(parts, input, caller)) as Page;
  const headers = { "content-type": "application/x-ndjson", "cache-control": "no-store", vary: "accept" };
  const chunks = linesFrom(first, operation, parts, input, caller, sentRequestId(request.headers));
  return new Response(pacedBody(chunks, { budget: parts.budget, peer: caller.peer }), { headers });
}

async function* linesFrom(
  first: Page,
  operation: Operation,
  parts: EdgeParts,
  input: Readonly<Record<string, unknown>>,
  caller: Caller,
  sentId: string | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for (let page = first; ; ) {
      yield* chunksOf(page[operation.lines ?? ""] as readonly unknown[], operation, caller);
      const cursor = page.next_cursor;
      if (cursor === null) return;
      page = (await operation.run(parts, { ...input, cursor }, caller)) as Page;
    }
  } catch (thrown) {
    const error = MarsError.from(thrown);
    if (error.ours)
      parts.log.error("request failed", {
        event: "request_failed",
        request_id: requestIdFrom(sentId),
        error,
      });
    throw error;
  }
}

/** Small ones: a caller whose rights end gets no other. */
function* chunksOf(
  items: readonly unknown[],
  { scope }: Operation,
  { identity }: Caller,
): Generator<Uint8Array> {
  let text = "";
  for (const item of items) {
    text += `${JSON.stringify(item)}\n`;
    if (text.length < pieceBytes) continue;
    yield new TextEncoder().encode(text);
    identity.assertMay(scope);
    text = "";
  }
  if (text !== "") yield new TextEncoder().encode(text);
  identity.assertMay(scope);
}
