/** The difference between two versions of a lifecycle, or between one and a lifecycle that is tried. */
import * as z from "zod";
import { MarsError } from "../core/error.ts";
import { formatTime } from "../core/time.ts";
import type { LifecycleVersion } from "../lifecycle/definition.ts";
import { type DefinitionDiff, definitionDiff } from "../lifecycle/diff.ts";
import { timestamp } from "./answers.ts";
import { appId, whole } from "./fields.ts";
import { operation } from "./operation.ts";

const value = z.string().nullable().meta({
  description:
    "As a text: names with commas between them, and JSON for what has members; null where it is not there.",
});
const change = { field: z.string(), from: value, to: value };

export const diffFields = {
  added: z.array(z.string()).readonly().meta({ description: "Names of stages." }),
  removed: z.array(z.string()).readonly().meta({ description: "Names of stages." }),
  changed: z
    .array(z.strictObject({ stage: z.string(), ...change }))
    .readonly()
    .meta({ description: "Fields of stages that both have." }),
  fields: z
    .array(z.strictObject(change))
    .readonly()
    .meta({ description: "Fields of the lifecycle as a whole." }),
  words: z.array(z.string()).readonly().meta({ description: "All of it, a sentence each." }),
} satisfies Record<keyof DefinitionDiff, z.ZodType>;

const side = z.strictObject({
  version: z.int(),
  created_at: timestamp,
  put_by: z.string().nullable(),
  note: z.string().nullable(),
  ended: z.boolean().meta({ description: "This version ended the lifecycle." }),
});

const number = (description: string) => whole(1, Number.MAX_SAFE_INTEGER, description).optional();

export const diffLifecycle = operation({
  name: "diffLifecycle",
  summary:
    "Say how two versions of the app's lifecycle differ, in words too; 404 where one of them is not there.",
  scope: "read",
  apps: "named",
  rest: "GET /api/apps/{app_id}/lifecycle/diff",
  rpc: "mars.v1.LifecycleService/DiffLifecycle",
  command: "lifecycle diff",
  input: z.strictObject({
    app_id: appId,
    from: number("A version; the one before `to` by default."),
    to: number("A version; the latest by default."),
  }),
  output: z.strictObject({ from: side, to: side, ...diffFields }),
  async handle({ reader }, { app_id, from, to }, caller) {
    const read = reader(caller);
    const versionOf = async (version: number) => {
      const found = version < 1 ? undefined : await read.lifecycleVersion(app_id, version);
      if (found === undefined)
        throw new MarsError("not_found", `this app has no version ${version} of a lifecycle`);
      return found;
    };
    const later = to === undefined ? (await read.lifecycleVersions(app_id, 1))[0] : await versionOf(to);
    if (later === undefined) throw new MarsError("not_found", "this app has no lifecycle");
    if (from === undefined && later.version === 1)
      throw new MarsError(
        "not_found",
        "version 1 is the first of this app's lifecycle: there is none before it",
      );
    const earlier = await versionOf(from ?? later.version - 1);
    return {
      from: sideOf(earlier),
      to: sideOf(later),
      ...definitionDiff(earlier.definition, later.definition),
    };
  },
});

function sideOf({ version, createdAt, putBy, note, definition }: LifecycleVersion) {
  return {
    version,
    created_at: formatTime(createdAt),
    put_by: putBy ?? null,
    note: note ?? null,
    ended: definition === undefined,
  };
}
