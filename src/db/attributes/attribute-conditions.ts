/** Conditions on the attributes of messages, for statements of an app. */
import type { AttributeFilter } from "../../core/attributes.ts";
import { Conditions } from "../conditions.ts";

/** The number of a name; its `?` are the app and the name. NULL for one that is not indexed. */
const nameId = "(SELECT id FROM attribute_names WHERE app_id = ? AND name = ? AND dropped = 0)";

/** The entries of a value; its `?` are the app, the name and the value. */
const entries = `attribute_values WHERE name = ${nameId} AND value = ?`;

/** A query of one app's messages by their attributes: all of them must match. */
export interface ByAttributes {
  readonly appId?: string;
  readonly attributes?: readonly AttributeFilter[];
}

/** @param message the column with the message's number */
export function addAttributes(
  to: Conditions,
  message: string,
  { appId = "", attributes }: ByAttributes,
): void {
  for (const { name, value } of attributes ?? []) {
    to.add(`EXISTS (SELECT 1 FROM ${entries} AND message = ${message})`, appId, name, value);
  }
}

/**
 * The same, where few messages match the filter at the place `which`: those are found, and the other filters are looked at before the
 * messages themselves.
 *
 * @param first looked at before all else, of the column `found.message`
 */
export function addMessagesWith(
  to: Conditions,
  message: string,
  { appId = "", attributes = [] }: ByAttributes,
  which: number,
  first = new Conditions(),
): void {
  const { name, value } = attributes[which]!;
  const entry = new Conditions();
  entry.add(`name = ${nameId} AND value = ?`, appId, name, value);
  const found = entry.and(first);
  addAttributes(found, "found.message", { appId, attributes: attributes.toSpliced(which, 1) });
  to.add(`${message} IN (SELECT message FROM attribute_values found ${found.where()})`, ...found.args);
}

/**
 * The first of the filters that few messages match, as `which`; no row where many match each of them. An index counts, as far as
 * `scanMax` for each.
 */
export function rareAttribute({ appId = "", attributes = [] }: ByAttributes, scanMax: number) {
  const counts = attributes.map(
    (_, which) =>
      `SELECT ${which} AS which, (SELECT count(*) FROM (SELECT 1 FROM ${entries} LIMIT ${scanMax + 1})) AS found`,
  );
  return {
    sql: `SELECT 1 AS few, which FROM (${counts.join(" UNION ALL ")}) WHERE found <= ${scanMax} ORDER BY which LIMIT 1`,
    args: attributes.flatMap(({ name, value }) => [appId, name, value]),
  };
}
