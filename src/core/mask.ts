/**
 * The mask of attributes: values of named members are replaced before an event reaches the disk, at any depth.
 *
 * Ids, names and times of an event are not masked: they are how it is found and followed.
 */

import type { MarsEvent } from "./event.ts";
import { parseExact, stringifyExact } from "./exact-json.ts";

/** Stands where a value was. */
const masked = "(masked)";

/** Names that one mask may have. */
export const maskNamesMax = 64;

export class Mask {
  /** Whether the text of attributes may have a member of such a name. Texts without one are not parsed. */
  readonly #inText: RegExp;
  readonly #isName: RegExp;
  #values = 0;

  /** @param names of members, at least one; upper and lower case are the same */
  constructor(names: readonly string[]) {
    // Attributes are compact JSON, so the name of a member is between a quote and a quote with a colon.
    this.#inText = new RegExp(
      `"(?:${anyOf(names.map((name) => JSON.stringify(name).slice(1, -1)))})":`,
      "iu",
    );
    this.#isName = new RegExp(`^(?:${anyOf(names)})$`, "iu");
  }

  /** `undefined` where there are no names. */
  static of(names: readonly string[]): Mask | undefined {
    return names.length === 0 ? undefined : new Mask(names);
  }

  /** Values that were replaced since the start. */
  get values(): number {
    return this.#values;
  }

  /** The same event where nothing is to be replaced. */
  apply(event: MarsEvent): MarsEvent {
    const { attributes } = event;
    if (attributes === "" || !this.#inText.test(attributes)) return event;
    return { ...event, attributes: stringifyExact(this.hide(parseExact(attributes))) };
  }

  /** Replaces in place, and returns the value. One that is replaced is not looked into. */
  hide(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    for (const [key, member] of Object.entries(value)) {
      if (Array.isArray(value) || !this.#isName.test(key)) {
        this.hide(member);
        continue;
      }
      // `JSON.parse` has defined the member, so "__proto__" is a name like any other.
      (value as Record<string, unknown>)[key] = masked;
      this.#values += 1;
    }
    return value;
  }
}

function anyOf(texts: readonly string[]): string {
  return texts.map((text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("|");
}
