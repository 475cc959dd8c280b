/** Maps the messages of a broker by the rules of a source, as deliveries are, without a signature. */
import type { Mapper } from "../brokers/mapper.ts";
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import { anonymous } from "../core/identity.ts";
import type { MapResult } from "../sources/mapping.ts";
import { notWanted } from "../sources/source.ts";
import type { Sources } from "../sources/sources.ts";
import { refusalOf } from "../sources/taken.ts";

export type MappingSources = Pick<Sources, "get" | "mapMessage">;

/** Until the source is looked for again. */
const retryAfterMs = 1_000;

/**
 * The mapper of one collector. Its messages are mapped one after another, beside those of other collectors and the deliveries of sources.
 *
 * It rejects with `unavailable` where there is no such source, and with `invalid_argument` for a message that cannot be mapped, or that takes too
 * long.
 *
 * @param id of the source
 */
export function createSourceMapper(sources: MappingSources, id: string, collector: string): Mapper {
  const name = `collector ${collector}`;
  const caller: Caller = {
    peer: { name, connection: name },
    identity: anonymous,
    address: "",
    protocol: "inside",
  };
  return async (message) => {
    try {
      const source = sources.get(id);
      // A copy: the body may be a part of a larger buffer, which would go to the other thread as a whole.
      const body = new Uint8Array(Buffer.from(message.body));
      const delivery = { headers: message.headers(), body };
      const result = await sources.mapMessage(id, delivery, caller);
      const refused = refusalOf(source, result);
      if (refused !== undefined) throw refused;
      const { events, items, faulty, drops } = result;
      return { events, items, ...(faulty > 0 && { reason: reasonOf(drops, faulty, items) }) };
    } catch (thrown) {
      throw asOfMessage(MarsError.from(thrown), id);
    }
  };
}

/** The first item at fault, where it is among the drops that are named. */
function reasonOf(drops: MapResult["drops"], faulty: number, items: number): string {
  const fault = drops.find(({ rule, reason }) => rule !== "when" || reason !== notWanted);
  const others = items > 1 ? `; ${faulty} of ${items} items are refused` : "";
  if (fault === undefined) return `items are not mapped${others}`;
  const place = items > 1 ? `item ${fault.index}: ` : "";
  return `${place}${fault.rule} ${fault.reason}${others}`;
}

/** A source may be made later. A mapping that takes too long would do so again. */
function asOfMessage(error: MarsError, id: string): MarsError {
  const { code, message } = error;
  if (code === "not_found")
    return new MarsError("unavailable", `there is no source ${id}`, { retryAfterMs, cause: error });
  return code === "deadline_exceeded" ? new MarsError("invalid_argument", message, { cause: error }) : error;
}
