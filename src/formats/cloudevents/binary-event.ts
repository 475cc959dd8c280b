/** CloudEvents in the binary mode: the attributes are headers, and the data is the body. */

import type { FieldProblem } from "../../core/error.ts";
import { MarsError } from "../../core/error.ts";
import { cleanText } from "../fit-attributes.ts";
import { type CloudEvent, cloudEventFrom } from "./cloud-event.ts";

export interface BinaryContent {
  /** The content type; `undefined` where it is not said. */
  readonly type: string | undefined;
  readonly bytes: Uint8Array;
  /** @throws `MarsError("malformed")` */
  readonly parseJson: (text: string) => unknown;
}

/** @throws `MarsError("malformed")` for a body that is not of its type */
export function binaryEvent(
  attributes: ReadonlyMap<string, unknown>,
  { type, bytes, parseJson }: BinaryContent,
): CloudEvent | readonly FieldProblem[] {
  if (bytes.byteLength === 0) return cloudEventFrom(attributes, { data: undefined, dataBase64: "" });
  if (isJson(type)) return cloudEventFrom(attributes, { data: parseJson(textOf(bytes)), dataBase64: "" });
  const typed = type === undefined ? attributes : new Map([...attributes, ["datacontenttype", type]]);
  if (type !== undefined && /^\s*text\//i.test(type))
    return cloudEventFrom(typed, { data: cleanText(textOf(bytes)), dataBase64: "" });
  return cloudEventFrom(typed, { data: undefined, dataBase64: Buffer.from(bytes).toString("base64") });
}

function isJson(type: string | undefined): boolean {
  return /^\s*[\w.-]+\/(?:json|[\w.+-]+\+json)\s*(?:;|$)/i.test(type ?? "");
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new MarsError("malformed", "body is not valid UTF-8", { cause });
  }
}

/**
 * A header's value: without the quotes that older senders put around it, and decoded once.
 *
 * @returns `undefined` where the bytes are no UTF-8
 */
export function decodeHeader(value: string): string | undefined {
  const text = /^".*"$/s.test(value) ? value.slice(1, -1).replaceAll(/\\(.)/gs, "$1") : value;
  if (!text.includes("%")) return text;
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const hex = text[at] === "%" ? /^[0-9a-f]{2}/i.exec(text.slice(at + 1, at + 3))?.[0] : undefined;
    if (hex === undefined) {
      bytes.push(...Buffer.from(String.fromCodePoint(text.codePointAt(at) ?? 0)));
      if ((text.codePointAt(at) ?? 0) > 0xffff) at++;
    } else {
      bytes.push(Number.parseInt(hex, 16));
      at += 2;
    }
  }
  try {
    return utf8.decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}
