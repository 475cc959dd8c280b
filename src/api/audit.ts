/** The operation on the audit: which caller changed what. */
import * as z from "zod";
import type { AuditEntry } from "../core/audit.ts";
import { formatTime } from "../core/time.ts";
import { count, timestamp } from "./answers.ts";
import { appId, cursor, defined, limit, since, text, until } from "./fields.ts";
import { operation } from "./operation.ts";

const filterBytesMax = 512;

const shown = z.record(z.string(), z.unknown()).nullable();

const entry = z.strictObject({
  id: count,
  at: timestamp,
  who: z.string().meta({ description: "The caller: `key:ID`, `admin`, `local`, `anonymous`, or a person." }),
  name: z.string().meta({ description: "The name of the key or of the person." }),
  address: z.string().meta({ description: "Where the call came from; of IPv6 the /64." }),
  protocol: z.string(),
  action: z.string().meta({ description: "The name of the operation." }),
  target: z.string().meta({ description: "The id of the thing that was changed." }),
  app_id: z.string().nullable().meta({ description: "The app, where the change is about one." }),
  old: shown.meta({ description: "As answers showed the thing before; `null`: it was not there." }),
  new: shown.meta({ description: "As they show it since; `null`: it is not there any more." }),
});

export const listAudit = operation({
  name: "listAudit",
  summary:
    "Who changed what, when, from where, with old and new; the latest first, a page at a time, or as lines.",
  scope: "admin",
  apps: "all",
  rest: "GET /api/audit",
  rpc: "mars.v1.AdminService/ListAudit",
  command: "audit",
  lines: "entries",
  input: z.strictObject({
    since: since.optional(),
    until: until.optional(),
    who: text(filterBytesMax, "The caller, such as `key:ID`.").optional(),
    action: text(filterBytesMax, "The name of an operation, such as `putLifecycle`.").optional(),
    app_id: appId.optional(),
    target: text(filterBytesMax, "The id of a thing: of a rule, a sink, a key.").optional(),
    limit,
    cursor: cursor.optional(),
  }),
  output: z.strictObject({ entries: z.array(entry), next_cursor: z.string().nullable() }),
  async handle({ reader }, { app_id, ...query }, caller) {
    const { entries, nextCursor = null } = await reader(caller).audit({
      ...defined(query),
      ...defined({ appId: app_id }),
      limit: query.limit,
    });
    return { entries: entries.map(entryJson), next_cursor: nextCursor };
  },
});

function entryJson({ at, appId, old, new: now, ...same }: AuditEntry): z.input<typeof entry> {
  return {
    ...same,
    at: formatTime(at),
    app_id: appId ?? null,
    old: (old as Record<string, unknown> | undefined) ?? null,
    new: (now as Record<string, unknown> | undefined) ?? null,
  };
}
