/** A field of a header block: its name, its value, and what is wrong with them (RFC 9113, 8.2 and 8.3). */

export interface Field {
  readonly name: string;
  readonly value: string;
  /** What it counts in a table and in a header list: its bytes, and 32 more (RFC 7541, 4.1). */
  readonly bytes: number;
  /** May not occur in any request: the request is malformed. Determined once, since a table keeps its fields for long. */
  readonly malformed: boolean;
}

export const fieldOverheadBytes = 32;

/** Fields of HTTP/1.1's connections; `te` may say `trailers` and nothing else. */
const connectionSpecific = new Set([
  "connection",
  "proxy-connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
]);

/** A token in lower case, or a pseudo-header's name. */
const validName = /^(?::[a-z]+|[!#$%&'*+\-.^_`|~0-9a-z]+)$/;
/** Neither a control character, a tab aside, nor a blank at an end. The empty value is valid. */
const validValue = /^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/;

/** @param name and `value` as Latin-1, a character a byte */
export function fieldOf(name: string, value: string): Field {
  return {
    name,
    value,
    bytes: name.length + value.length + fieldOverheadBytes,
    malformed:
      !validName.test(name) ||
      !validValue.test(value) ||
      connectionSpecific.has(name) ||
      (name === "te" && value.toLowerCase() !== "trailers"),
  };
}
