/** How requests in JSON are read; `textDecoder`, which is Connect's own option, is the last place before the parser. */
import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError, type ConnectRouterOptions } from "@connectrpc/connect";
import { throwIfAny, unknownField } from "../../api/problems.ts";
import type { FieldProblem } from "../../core/error.ts";
import { nestsTooDeep, tooDeep } from "../../core/json-depth.ts";
import { problemsMax } from "../../core/limits.ts";
import type { Log } from "../../core/ports.ts";
import { rpcError } from "./error.ts";

type JsonOptions = NonNullable<ConnectRouterOptions["jsonOptions"]>;

// Without `fatal`, bytes that are no UTF-8 would be stored as U+FFFD.
const utf8 = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Uint8Array): string {
  const text = utf8.decode(bytes);
  if (nestsTooDeep(text)) throw new ConnectError(`message ${tooDeep}`, Code.InvalidArgument);
  return text;
}

/** Of events: unknown fields are ignored, as over REST. */
export const jsonOptions = { ignoreUnknownFields: true, textDecoder: { decode } } as JsonOptions;

/** Of operations: unknown fields are refused, as unknown parameters are over REST. */
export function strictJsonOptions(message: DescMessage, log: Log): JsonOptions {
  const decodeStrictly = (bytes: Uint8Array): string => {
    const text = decode(bytes);
    const problems: FieldProblem[] = [];
    addUnknown(message, parsed(text), "", problems);
    try {
      throwIfAny(problems);
    } catch (error) {
      throw rpcError(error, log);
    }
    return text;
  };
  return { ignoreUnknownFields: true, textDecoder: { decode: decodeStrictly } } as JsonOptions;
}

/** Adds the members of a message's JSON that are no fields of it, or no objects where they must be; at most `problemsMax`. */
function addUnknown(message: DescMessage, json: unknown, place: string, problems: FieldProblem[]): void {
  // Messages of google.protobuf have a JSON of their own.
  if (typeof json !== "object" || json === null || message.typeName.startsWith("google.")) return;
  const names = message.fields.map(({ name }) => name);
  for (const [name, value] of Object.entries(json)) {
    if (problems.length >= problemsMax) return;
    const field = message.fields.find((one) => one.name === name || one.jsonName === name);
    if (field === undefined) {
      problems.push(unknownField(name, names, place));
    } else if (field.message !== undefined) {
      const inside = place === "" ? field.name : `${place}.${field.name}`;
      // The parser's own error repeats the value, which may be a secret.
      if (field.message.typeName === structType && !isObject(value) && value !== null)
        problems.push({ field: inside, message: "must be a JSON object" });
      else if (!Array.isArray(value)) addUnknown(field.message, value, inside, problems);
      else
        for (const [index, one] of value.entries())
          addUnknown(field.message, one, `${inside}[${index}]`, problems);
    }
  }
}

const structType = "google.protobuf.Struct";

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The parser of messages refuses a text that is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
