/** Filters by the attributes of messages: `attributes.region=north` in a query, a map by RPC. */
import {
  type AttributeFilter,
  attributeNameBytesMax,
  attributeValueBytesMax,
  indexedNamesMax,
} from "../core/attributes.ts";
import { MarsError } from "../core/error.ts";
import { textProblem } from "../core/validate.ts";
import { field, type Reading } from "./fields.ts";
import type { ApiReader } from "./parts.ts";
import { throwIfAny } from "./problems.ts";

/** Absent where none is given, of which RPC has an empty map. */
export const attributes = field(
  {
    type: "object",
    additionalProperties: { type: "string" },
    maxProperties: indexedNamesMax,
    description:
      "By the values of indexed attributes that some event of the message has; in a query `attributes.NAME=VALUE` for each.",
  },
  (value): Reading<readonly AttributeFilter[] | undefined> => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return { problem: "must be names with values, in a query attributes.NAME=VALUE for each" };
    }
    const filters = Object.entries(value).map(([name, one]) => ({ name, value: String(one) }));
    if (filters.length > indexedNamesMax) return { problem: `must have at most ${indexedNamesMax} names` };
    for (const { name, value: text } of filters) {
      const problem =
        name === "" ? "must have names that are not empty" : textProblem(name, attributeNameBytesMax);
      if (problem !== undefined) return { problem };
      const wrong = textProblem(text, attributeValueBytesMax);
      if (wrong !== undefined) return { problem: `${name} ${wrong}` };
    }
    return { value: filters.length === 0 ? undefined : filters };
  },
);

/** `attributes.NAME`. */
export const attributeName = field(
  {
    type: "string",
    pattern: "^attributes\\..",
    examples: ["attributes.region"],
    description: "An indexed attribute.",
  },
  (value): Reading<string> => {
    const name = typeof value === "string" && value.startsWith("attributes.") ? value.slice(11) : "";
    if (name === "") return { problem: "must be attributes. and a name, such as attributes.region" };
    const problem = textProblem(name, attributeNameBytesMax);
    return problem === undefined ? { value: name } : { problem };
  },
);

/**
 * Whether an app's list can go by these attributes.
 *
 * @throws `MarsError` `invalid_argument` for a name that is not indexed, or without an app; `unavailable` while the messages that were there
 *   before are being indexed
 */
export async function assertIndexed(
  reader: Pick<ApiReader, "indexedAttributes">,
  appId: string | undefined,
  filters: readonly Pick<AttributeFilter, "name">[] = [],
): Promise<void> {
  if (filters.length === 0) return;
  const names = filters.map(({ name }) => name);
  if (appId === undefined) throwIfAny([{ field: "app_id", message: "is required with attributes" }]);
  const indexed = await reader.indexedAttributes(appId ?? "");
  const known = indexed.map(({ name }) => name).join(", ");
  const hint = known === "" ? "this app has none that is" : `this app has ${known}`;
  throwIfAny(
    names
      .filter((name) => !indexed.some((one) => one.name === name))
      .map((name) => ({ field: `attributes.${name}`, message: `is not indexed: ${hint}` })),
  );
  const waiting = indexed.find(({ name, done }) => names.includes(name) && !done);
  if (waiting === undefined) return;
  const message = `attributes.${waiting.name} is being indexed: ${Math.floor(waiting.share * 100)} % is done`;
  throw new MarsError("unavailable", message, { retryAfterMs: 1_000 });
}
