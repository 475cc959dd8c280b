/** `POST /api/sources/{id}/import`: lines of JSON, each a payload that the source maps. Who sends them has a key for its apps. */
import { mayReach } from "../../api/source-access.ts";
import { mappedToJson } from "../../api/source-trials.ts";
import type { Caller } from "../../core/caller.ts";
import { MarsError } from "../../core/error.ts";
import { bodyBytesMax } from "../../core/limits.ts";
import { importPayloads } from "../../sources/importing.ts";
import type { Source } from "../../sources/source.ts";
import type { EdgeParts } from "../parts.ts";
import { answerJson } from "./answer.ts";
import { readBody } from "./body.ts";
import { bodyFormat } from "./media-type.ts";
import { decodeSegment, readQuery } from "./query-string.ts";
import { callerOf, type HttpContext, type Router } from "./router.ts";

const [prefix, suffix] = ["/api/sources/", "/import"];
const newline = 0x0a;

type ImportParts = Pick<
  EdgeParts,
  "access" | "sources" | "ingest" | "intake" | "eventLimits" | "requests" | "doors"
>;

export function addSourceImportRoute(router: Router, parts: ImportParts): void {
  const { access, sources, ingest, intake, eventLimits, requests, doors } = parts;

  router.post(`${prefix}:id${suffix}`, async (c) => {
    const request = c.req.raw;
    const caller = callerOf(c, access);
    caller.identity.assertMay("ingest");
    const dryRun = flagOf(readQuery(request.url, ["dry_run"]).dry_run);
    if (bodyFormat(request.headers.get("content-type"), ["ndjson"]) !== "ndjson")
      throw new MarsError("unsupported_media_type", "content-type must be application/x-ndjson");
    const source = sources.get(decodeSegment(c.req.path.slice(prefix.length, -suffix.length), "id"));
    // As for one that is not there.
    if (!mayReach(caller, source)) throw new MarsError("not_found", "there is no source with this id");
    eventLimits.assertRoom(caller);
    return requests.during(caller, () => take(c, source, caller, dryRun));
  });

  async function take(c: HttpContext, source: Source, caller: Caller, dryRun: boolean): Promise<Response> {
    const body = await readBody(intake, c, bodyBytesMax, { takesEvents: !dryRun });
    try {
      c.env?.keepOpen?.(c.req.raw);
      const turn = `source:${source.id}`;
      const { events, errors, seq, ...counts } = await importPayloads(
        {
          // A slow source has one thread at most, with all who send to it.
          map: (id, delivery) =>
            sources.map(id, delivery, { ...caller, peer: { name: turn, connection: turn } }),
          ingest,
          charge(accepted, items) {
            // The key may have been revoked meanwhile.
            caller.identity.assertMay("ingest");
            eventLimits.charge(caller, accepted, items);
          },
        },
        source,
        payloadsOf(body.bytes),
        { caller, dryRun },
      );
      if (!dryRun) doors.answered("source", counts.accepted, counts.rejected);
      const success = counts.rejected === 0;
      const answer = {
        success,
        ...counts,
        seq: seq ?? null,
        ...(!success && { errors }),
        ...(dryRun && { events: events.map(mappedToJson) }),
      };
      return await answerJson(c, JSON.stringify(answer), success ? 200 : 207);
    } finally {
      body.release();
    }
  }
}

/** The lines that are not blank, as copies: what is sent to a thread takes its whole buffer along. */
function* payloadsOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; ) {
    const found = bytes.indexOf(newline, start);
    const end = found === -1 ? bytes.byteLength : found;
    const line = bytes.slice(start, end);
    if (line.some((byte) => byte > 0x20)) yield line;
    start = end + 1;
  }
}

function flagOf(value: string | undefined): boolean {
  if (value === undefined || value === "false") return false;
  if (value === "true") return true;
  const message = "must be true or false";
  throw new MarsError("invalid_argument", `dry_run ${message}`, {
    problems: [{ field: "dry_run", message }],
  });
}
