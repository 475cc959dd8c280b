/** Which attributes of an app's messages are indexed, and counts by them. */
import * as z from "zod";
import { attributeNameBytesMax, type IndexedAttribute, indexedNamesMax } from "../core/attributes.ts";
import { smallBodyBytesMax } from "../core/limits.ts";
import { shownStates } from "../core/state.ts";
import { textProblem } from "../core/validate.ts";
import { count } from "./answers.ts";
import { assertIndexed, attributeName } from "./attribute-filter.ts";
import { appId, defined, field, minSeq, type Reading, since, word } from "./fields.ts";
import { assertApp } from "./known-app.ts";
import { operation } from "./operation.ts";
import { visible } from "./visible.ts";

const path = "/api/apps/{app_id}/attributes";

const output = z.strictObject({
  indexed: z.array(
    z.strictObject({
      name: z.string(),
      done: z
        .boolean()
        .meta({ description: "Messages that were there before are indexed; until then no list goes by it." }),
      share: z.number().meta({ description: "About how much of them is indexed, from 0 to 1." }),
    }),
  ),
});

const names = field(
  {
    type: "array",
    items: { type: "string", minLength: 1, maxLength: attributeNameBytesMax },
    maxItems: indexedNamesMax,
    uniqueItems: true,
    description: "Names of attributes: members of the object that an event has as its `attributes`.",
  },
  (value): Reading<readonly string[]> => {
    if (!Array.isArray(value) || !value.every((name) => typeof name === "string")) {
      return { problem: "must be a list of names" };
    }
    if (value.length > indexedNamesMax) return { problem: `must have at most ${indexedNamesMax} names` };
    if (new Set(value).size < value.length) return { problem: "must have each name once" };
    if (value.includes("")) return { problem: "must have no empty name" };
    const problem = value
      .map((name) => textProblem(name, attributeNameBytesMax))
      .find((one) => one !== undefined);
    return problem === undefined ? { value } : { problem };
  },
);

export const getAttributes = operation({
  name: "getAttributes",
  summary: "The attributes by which messages of the app are found, and how far they are indexed.",
  scope: "read",
  apps: "named",
  rest: `GET ${path}`,
  rpc: "mars.v1.MessageService/GetAttributes",
  command: "attributes get",
  input: z.strictObject({ app_id: appId }),
  output,
  async handle({ reader }, { app_id }, caller) {
    const read = reader(caller);
    const indexed = await read.indexedAttributes(app_id);
    if (indexed.length === 0) await assertApp(read, app_id);
    return { indexed: indexedJson(indexed) };
  },
});

export const putAttributes = operation({
  name: "putAttributes",
  summary: "Have these attributes of the app's messages indexed and no others; at most 10.",
  scope: "write",
  apps: "named",
  rest: `PUT ${path}`,
  body: { bytesMax: smallBodyBytesMax },
  rpc: "mars.v1.MessageService/PutAttributes",
  command: "attributes put",
  input: z.strictObject({ app_id: appId, indexed: names }),
  output,
  async handle({ reader, attributes, changes }, { app_id, indexed }, caller, by) {
    await changes.run(caller, () => attributes.putAttributes(app_id, indexed, by));
    return { indexed: indexedJson(await reader(caller).indexedAttributes(app_id)) };
  },
});

function indexedJson(indexed: readonly IndexedAttribute[]) {
  return indexed.map(({ name, done, share }) => ({ name, done, share }));
}

export const countMessages = operation({
  name: "countMessages",
  summary:
    "How many messages of the app have each value of an indexed attribute, of the latest 5,000 of them.",
  scope: "read",
  apps: "named",
  rest: "GET /api/apps/{app_id}/counts",
  rpc: "mars.v1.MessageService/CountMessages",
  command: "count",
  input: z.strictObject({
    app_id: appId,
    by: attributeName,
    state: word(shownStates, "In this state.").optional(),
    since: since.optional(),
    min_seq: minSeq,
  }),
  output: z.strictObject({
    counts: z
      .array(z.strictObject({ value: z.string(), messages: count }))
      .meta({ description: "The most frequent first, at most 100. A message may have several values." }),
    others: count.meta({ description: "How many other values there are." }),
    others_count: count.meta({ description: "The sum of their messages." }),
    without: count.meta({ description: "Messages without a value that is indexed." }),
    messages: count.meta({ description: "Messages that were counted." }),
    partial: z.boolean().meta({
      description:
        "There are over 5,000: the latest were looked at, of overdue ones those that have been so for longest.",
    }),
  }),
  async handle({ reader, projected }, { app_id, by: name, min_seq, ...filters }, caller) {
    await visible(projected, min_seq, caller);
    const read = reader(caller);
    if ((await read.indexedAttributes(app_id)).length === 0) await assertApp(read, app_id);
    await assertIndexed(read, app_id, [{ name }]);
    const { values, othersCount, ...counted } = await read.counts({
      appId: app_id,
      name,
      ...defined(filters),
    });
    return {
      counts: values.map(({ value, messages }) => ({ value, messages })),
      others_count: othersCount,
      ...counted,
    };
  },
});
