/** The operations on keys: who may do what. Their texts are in the answers that make them, and nowhere else. */
import * as z from "zod";
import type { NewKey } from "../access/issue-key.ts";
import type { Key } from "../access/key.ts";
import { keyToJson } from "../access/key-json.ts";
import { hashOfDigest } from "../access/key-token.ts";
import { changed } from "../alerting/sinks/hidden.ts";
import type { Caller } from "../core/caller.ts";
import { MarsError } from "../core/error.ts";
import type { Micros } from "../core/event.ts";
import { smallBodyBytesMax } from "../core/limits.ts";
import { appPatternProblem, appPatternsMax, keyKinds } from "../core/rights.ts";
import { nowMicros, parseTime } from "../core/time.ts";
import { alertId, found, list } from "./alert-fields.ts";
import { timestamp } from "./answers.ts";
import { assertAllApps, coversAll } from "./app-scope.ts";
import { duration } from "./duration.ts";
import { cursor, field, limit, text, word } from "./fields.ts";
import { keyLimits, keyLimitsShown } from "./key-limits.ts";
import { creationOf, pageOf } from "./memory-page.ts";
import { operation } from "./operation.ts";

const nameBytesMax = 128;
const overlapMsMax = 30 * 86_400_000;

const id = text(64, "The key's id.");

const pattern = field<string>({ type: "string", minLength: 1 }, (value) => {
  const problem = typeof value === "string" ? appPatternProblem(value) : "must be a string";
  return problem === undefined ? { value: value as string } : { problem };
});

const kindsOfKeys =
  "`in` reports events; `ro` reads; `rw` reads and changes lifecycles and alerts; `ad` does everything.";

const time = {
  type: "string",
  format: "date-time",
  description: "When it ends; never unless given.",
} as const;

/** Of a key that a file declares: one that has ended stays in the file. */
const anyExpiry = field<Micros>(time, (value) => {
  const at = typeof value === "string" ? parseTime(value) : "must be an RFC 3339 time";
  return typeof at === "string" ? { problem: at } : { value: at };
});

/** A time ahead. */
const expiry = anyExpiry.refine((at) => at > nowMicros(), "must be in the future");

const digestPattern = "^[0-9a-fA-F]{64}$";

const tokenDigest = field<string>(
  {
    type: "string",
    pattern: digestPattern,
    description: "The SHA-256 of its text, as 64 hexadecimal digits.",
  },
  (value) =>
    typeof value === "string" && new RegExp(digestPattern).test(value)
      ? { value }
      : { problem: "must be 64 hexadecimal digits" },
);

const apps = list(pattern, appPatternsMax, "apps, such as shop, shop-* or *").meta({
  description: "`shop` is this app, `shop-*` every app whose id begins so, `*` every app.",
});

/** What a key may do, and where. */
const rights = {
  kind: word(keyKinds, kindsOfKeys),
  apps,
  name: text(nameBytesMax, "What it is for."),
  limits: keyLimits.optional(),
};

/** A key as REST and RPC show it. */
const key = z.strictObject({
  id: z.string(),
  kind: z.enum(keyKinds),
  apps: z.array(z.string()),
  name: z.string(),
  shown: z.string().meta({
    description: "The first characters of its text; of one that Mars has not seen, those of its SHA-256.",
  }),
  created_at: timestamp,
  expires_at: timestamp.nullable(),
  last_used_at: timestamp.nullable().meta({ description: "To the minute." }),
  limits: keyLimitsShown,
  previous_until: timestamp
    .nullable()
    .meta({ description: "Until when the text before the last rotation is good." }),
});

const keyWithToken = key.extend({
  token: z.string().meta({ description: "Its text, in this answer only." }),
});

export const listKeys = operation({
  name: "listKeys",
  summary: "Keys, in the order in which they were made, a page at a time; without their texts.",
  scope: "admin",
  apps: "own",
  rest: "GET /api/keys",
  rpc: "mars.v1.AccessService/ListKeys",
  command: "keys list",
  input: z.strictObject({ limit, cursor: cursor.optional() }),
  output: z.strictObject({ keys: z.array(key), next_cursor: z.string().nullable() }),
  handle({ keys }, wanted, caller) {
    const own = keys.list().filter((one) => coversAll(caller, one.apps));
    const { page, nextCursor } = pageOf("keys", own, creationOf, wanted);
    return { keys: page.map(keyToJson), next_cursor: nextCursor };
  },
});

export const createKey = operation({
  name: "createKey",
  summary: "Make a key; at most 10,000. Its text is in this answer only.",
  scope: "admin",
  apps: "own",
  rest: "POST /api/keys",
  restAnswer: "key",
  body: { bytesMax: smallBodyBytesMax },
  rpc: "mars.v1.AccessService/CreateKey",
  command: "keys create",
  input: z.strictObject({ ...rights, expires_at: expiry.optional() }),
  output: z.strictObject({ key: keyWithToken }),
  async handle({ keys, changes }, { expires_at = 0, ...wanted }, caller, by) {
    assertCovers(caller, wanted.apps);
    if (wanted.limits !== undefined) assertAllApps(caller);
    const { key, token } = await changes.run(caller, () =>
      keys.create({ ...wanted, expiresAt: expires_at }, by),
    );
    return { key: { ...keyToJson(key), token } };
  },
});

export const putKey = operation({
  name: "putKey",
  summary:
    "Make a key with an id and a text of your choice, of which Mars gets the SHA-256 alone; or replace the one with this id. Another text, kind or app ends what the former began.",
  scope: "admin",
  apps: "own",
  rest: "PUT /api/keys/{id}",
  restAnswer: "key",
  body: { bytesMax: smallBodyBytesMax },
  rpc: "mars.v1.AccessService/PutKey",
  command: "keys put",
  input: z.strictObject({
    id: alertId,
    ...rights,
    expires_at: anyExpiry.optional(),
    token_sha256: tokenDigest,
    dry_run: z.boolean().default(false).meta({
      description: "Store nothing: `shown` of the answer is `(changed)` where its text would be another.",
    }),
  }),
  output: z.strictObject({ key }),
  async handle({ keys, changes }, { id, expires_at = 0, token_sha256, dry_run, ...wanted }, caller, by) {
    const known = keys.get(id);
    if (known !== undefined) assertCovers(caller, known.apps);
    assertCovers(caller, wanted.apps);
    if (wanted.limits !== undefined || known?.limits !== undefined) assertAllApps(caller);
    const now = { ...wanted, expiresAt: expires_at, ...hashOfDigest(token_sha256) };
    if (dry_run) return { key: keyToJson(tried(id, now, known)) };
    const put = await changes.run(caller, () => keys.put(id, now, by));
    return { key: keyToJson(put) };
  },
});

/** A key as it would be: `shown` says whether its text is that of the one which it would replace. */
function tried(id: string, now: NewKey & Pick<Key, "hash" | "shown">, known: Key | undefined): Key {
  const { limits, ...own } = now;
  const shown = known === undefined ? now.shown : known.hash === now.hash ? known.shown : changed;
  const times = { createdAt: known?.createdAt ?? nowMicros(), lastUsedAt: known?.lastUsedAt ?? 0 };
  return { ...own, id, shown, ...times, ...(limits && { limits }) };
}

export const rotateKey = operation({
  name: "rotateKey",
  summary: "Give a key a new text, which is in this answer only; 404 when there is none with this id.",
  scope: "admin",
  apps: "own",
  rest: "POST /api/keys/{id}/rotate",
  restAnswer: "key",
  rpc: "mars.v1.AccessService/RotateKey",
  command: "keys rotate",
  input: z.strictObject({
    id,
    overlap: duration(
      { min: 0, max: overlapMsMax, off: true },
      "How long the old text stays good; not at all unless given.",
    ).default(0),
  }),
  output: z.strictObject({ key: keyWithToken }),
  async handle({ keys, changes }, { id, overlap }, caller, by) {
    assertSees(caller, keys.get(id));
    const rotated = await changes.run(caller, () => keys.rotate(id, overlap, by));
    const { key, token } = found(rotated, "key");
    return { key: { ...keyToJson(key), token } };
  },
});

export const limitKey = operation({
  name: "limitKey",
  summary: "Replace the limits of a key; they hold from its next call on. 404 when there is no such key.",
  scope: "admin",
  // Limits divide what all apps share.
  apps: "all",
  rest: "PUT /api/keys/{id}/limits",
  restAnswer: "key",
  body: { field: "limits", bytesMax: smallBodyBytesMax },
  rpc: "mars.v1.AccessService/LimitKey",
  command: "keys limit",
  input: z.strictObject({ id, limits: keyLimits }),
  output: z.strictObject({ key }),
  async handle({ keys, changes }, { id, limits }, caller, by) {
    return { key: keyToJson(found(await changes.run(caller, () => keys.limit(id, limits, by)), "key")) };
  },
});

export const revokeKey = operation({
  name: "revokeKey",
  summary: "End a key at once, with every stream and socket that it has opened; 404 when there is none.",
  scope: "admin",
  apps: "own",
  rest: "DELETE /api/keys/{id}",
  rpc: "mars.v1.AccessService/RevokeKey",
  command: "keys revoke",
  input: z.strictObject({ id }),
  output: z.strictObject({}),
  async handle({ keys, changes }, { id }, caller, by) {
    assertSees(caller, keys.get(id));
    // Without any key callers need none, on a loopback address: that is for who may do everything to decide.
    const mayBeLast = caller.identity.allApps;
    found(await changes.run(caller, () => keys.revoke(id, { mayBeLast }, by)), "key");
    return {};
  },
});

/** @throws `MarsError("not_found")` for a key that the caller does not see in the list, as where there is none */
function assertSees(caller: Caller, key: Key | undefined): void {
  found(key !== undefined && coversAll(caller, key.apps) ? key : undefined, "key");
}

/** @throws `MarsError("permission_denied")`: nobody gives rights that it has not */
function assertCovers(caller: Caller, apps: readonly string[]): void {
  if (coversAll(caller, apps)) return;
  throw new MarsError("permission_denied", "this concerns apps that this key is not for");
}
