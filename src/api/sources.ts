/** The operations on sources: whose webhooks become events, and how. */
import * as z from "zod";
import { otherwises, presetNames, ruleNames, type Source, schemes } from "../sources/source.ts";
import { sourceToJson } from "../sources/source-json.ts";
import { alertId, found, settingLimit } from "./alert-fields.ts";
import { count, timestamp } from "./answers.ts";
import { cursor, flag } from "./fields.ts";
import { pageOf } from "./memory-page.ts";
import { operation } from "./operation.ts";
import type { ApiParts } from "./parts.ts";
import { assertAuthor, authored, mayReach, reachable, replaceable } from "./source-access.ts";
import { sourceInput } from "./source-input.ts";

/** A definition with 64 attributes of some length. */
const definitionBytesMax = 256 * 1024;

const expression = z.string().nullable();
const mapping = z
  .strictObject({
    ...(Object.fromEntries(ruleNames.map((name) => [name, expression])) as Record<
      (typeof ruleNames)[number],
      typeof expression
    >),
    attributes: z.record(z.string(), z.string()).nullable(),
  })
  .meta({ description: "The rules in force: its own, and the preset's where it has none." });

const optionalText = z.string().optional();

const stats = z
  .strictObject({
    deliveries: z.record(z.string(), count).meta({
      description:
        "By what became of them: `accepted`, `partly`, `ignored`, `rejected`, `failed`, `unverified`, `late`.",
    }),
    events: count,
    dropped: count.meta({ description: "Items that are no events." }),
    not_kept: count,
    last_at: timestamp.nullable(),
    last_error: z.string().nullable(),
    last_error_at: timestamp.nullable(),
  })
  .meta({ description: "Since the start of Mars." });

/** A source as REST and RPC show it. */
const source = z.strictObject({
  id: z.string(),
  app_id: z.string().nullable(),
  app_from: expression,
  apps: z.array(z.string()).optional().meta({ description: "Of app_from: the apps that it may give." }),
  preset: z.enum(presetNames).nullable(),
  verify: z.strictObject({
    scheme: z.enum(schemes),
    secret: optionalText.meta({ description: "`(hidden)`." }),
    former_secret_until: timestamp.optional(),
    public_key: optionalText,
    username: optionalText,
    header: optionalText,
    topic_arn: optionalText,
    tolerance: optionalText,
    prefix: optionalText,
    encoding: optionalText,
    algorithm: optionalText,
    payload: optionalText,
    timestamp_header: optionalText,
    id_header: optionalText,
    separator: optionalText,
    signature_field: optionalText,
    timestamp_field: optionalText,
  }),
  ...mapping.shape,
  otherwise: z.enum(otherwises),
  body_bytes_max: z.int(),
  mapping,
  stats,
});

export const listSources = operation({
  name: "listSources",
  summary:
    "Sources, by id, a page at a time, without their secrets: whose webhooks become events at `POST /in/{id}`.",
  scope: "read",
  apps: "own",
  rest: "GET /api/sources",
  rpc: "mars.v1.SourceService/ListSources",
  command: "sources list",
  input: z.strictObject({ limit: settingLimit, cursor: cursor.optional() }),
  output: z.strictObject({ sources: z.array(source), next_cursor: z.string().nullable() }),
  async handle({ reader, sources }, wanted, caller) {
    const all = (await reader(caller).sources()).filter((one) => mayReach(caller, one));
    const { page, nextCursor } = pageOf("sources", all, ({ id }) => id, wanted);
    return { sources: page.map((one) => shown(one, sources)), next_cursor: nextCursor };
  },
});

export const getSource = operation({
  name: "getSource",
  summary: "One source, without its secret; 404 when there is none with this id.",
  scope: "read",
  apps: "own",
  rest: "GET /api/sources/{id}",
  restAnswer: "source",
  rpc: "mars.v1.SourceService/GetSource",
  command: "sources get",
  input: z.strictObject({ id: alertId }),
  output: z.strictObject({ source }),
  async handle({ reader, sources }, { id }, caller) {
    return { source: shown(found(await reachable(reader, id, caller), "source"), sources) };
  },
});

export const putSource = operation({
  name: "putSource",
  summary:
    "Create or replace a source; at most 100. A secret that is put as `(hidden)` or is absent is kept.",
  scope: "admin",
  apps: "own",
  rest: "PUT /api/sources/{id}",
  body: { bytesMax: definitionBytesMax },
  restAnswer: "source",
  rpc: "mars.v1.SourceService/PutSource",
  command: "sources put",
  input: sourceInput({
    id: alertId,
    dry_run: flag(
      "Whether nothing is stored: a secret that would be another is `(changed)` in the answer.",
    ).optional(),
  }),
  output: z.strictObject({ source }),
  async handle({ reader, sources, changes }, { id, dry_run, ...input }, caller, by) {
    // Before it is said whether there is one.
    assertAuthor(input, caller, "admin");
    const before = await replaceable(reader, id, caller);
    const wanted = authored(id, input, before, caller);
    if (dry_run) return { source: shown(wanted, sources, before) };
    await changes.run(caller, () => sources.put(wanted, caller, by));
    return { source: shown(wanted, sources) };
  },
});

export const deleteSource = operation({
  name: "deleteSource",
  summary: "Delete a source with its kept deliveries; its sender then gets 404.",
  scope: "admin",
  apps: "own",
  rest: "DELETE /api/sources/{id}",
  rpc: "mars.v1.SourceService/DeleteSource",
  command: "sources delete",
  input: z.strictObject({ id: alertId }),
  output: z.strictObject({}),
  async handle({ reader, sources, changes }, { id }, caller, by) {
    found(await reachable(reader, id, caller), "source");
    found((await changes.run(caller, () => sources.delete(id, by))) || undefined, "source");
    return {};
  },
});

function shown(one: Source, sources: ApiParts["sources"], before?: Source) {
  const { last_at, last_error, last_error_at, deliveries, ...counts } = sources.statsOf(one.id);
  return {
    ...sourceToJson(one, before),
    stats: {
      deliveries: { ...deliveries },
      ...counts,
      last_at: last_at || null,
      last_error: last_error || null,
      last_error_at: last_error_at || null,
    },
  };
}
