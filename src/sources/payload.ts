/** The body of a delivery as a value: JSON, lines of JSON as a list, or a form as an object of texts. */
import { parseExact } from "../core/exact-json.ts";
import { nestsTooDeep, tooDeep } from "../core/json-depth.ts";
import type { Delivery } from "./source.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });
const fieldsMax = 1_000;

/** @throws `Error` with one sentence. By its content, since SNS sends its JSON as `text/plain`. */
export function parsePayload({ headers, body }: Delivery): unknown {
  const type = headers["content-type"]?.split(";")[0]?.trim().toLowerCase() ?? "";
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw new Error("body is not valid UTF-8");
  }
  // Tools such as curl call any body a form; one of JSON begins as no form does.
  if (type === "application/x-www-form-urlencoded" && !/^\s*[[{]/.test(text)) return parseForm(text);
  if (text.trim() === "") throw new Error("body is empty");
  if (nestsTooDeep(text)) throw new Error(`body ${tooDeep}`);
  if (type === "application/x-ndjson")
    return text
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map(parseJson);
  return parseJson(text);
}

function parseJson(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    // The parser's own message has a part of the document.
    throw new Error("body is not valid JSON");
  }
}

/** The last of several fields of one name. */
function parseForm(text: string): Readonly<Record<string, string>> {
  const fields = [...new URLSearchParams(text)];
  if (fields.length > fieldsMax) throw new Error(`body must have at most ${fieldsMax} fields`);
  return Object.fromEntries(fields);
}
