/** The protocols by which an operation can be called, each with the same input and answer: JSON by the names of REST. */
import { expect } from "bun:test";
import {
  create,
  type DescField,
  type DescMessage,
  type DescMethodUnary,
  ScalarType,
  toJson,
} from "@bufbuild/protobuf";
import { ConnectError, type Transport } from "@connectrpc/connect";
import type { Operation } from "../../src/api/operation.ts";
import { shapeOf } from "../../src/api/schema.ts";
import { parseDuration } from "../../src/core/duration.ts";
import type { ErrorCode } from "../../src/core/error.ts";
import { parseTime } from "../../src/core/time.ts";
import { operationMethods } from "../../src/edge/rpc/operations.ts";
import { messageOf } from "../../src/edge/rpc/proto-json.ts";
import { statusOf } from "../../src/edge/status.ts";
import { transports, violations } from "../edge/rpc/clients.ts";
import type { TestMars } from "../support/mars.ts";

export type Json = Readonly<Record<string, unknown>>;

/** What came of a call: an answer, or the code of RPC with the fields at fault. */
export type Outcome =
  | { readonly answer: Json }
  | { readonly code: number; readonly fields: readonly string[] };

export interface CallOptions {
  /** The key of the caller; absent: none. */
  readonly token?: string | undefined;
  /** Called with the text of a refusal, which differs from one protocol to the next. */
  readonly onRefused?: (message: string) => void;
}

/** Calls an operation over one protocol. */
export type Call = (operation: Operation, input: Json, options?: CallOptions) => Promise<Outcome>;

export interface Door {
  readonly name: string;
  open(mars: TestMars): Call;
}

const rest: Door = {
  name: "REST",
  open: (mars) => async (operation, input, options) => {
    const { request, body } = restRequest(operation, input);
    const [method = "", path = ""] = request.split(" ");
    const response = await fetch(mars.url + path, {
      method,
      headers: { ...keyOf(options), ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as Json & { code: ErrorCode; errors?: { field: string }[] };
    if (response.status !== 200) {
      options?.onRefused?.(JSON.stringify(answer));
      return { code: statusOf(answer.code).rpc, fields: (answer.errors ?? []).map(({ field }) => field) };
    }
    assertBySchema(operation, answer);
    return {
      answer: plain(operation.restAnswer === undefined ? answer : { [operation.restAnswer]: answer }),
    };
  },
};

const protocols: ReadonlySet<string> = new Set([
  "gRPC",
  "gRPC-Web",
  "Connect with JSON",
  "Connect over HTTP/2",
]);

/** REST, and each protocol of RPC. */
export const doors: readonly Door[] = [
  rest,
  ...transports
    .filter(([name]) => protocols.has(name))
    .map(([name, transport]): Door => ({ name, open: (mars) => rpc(transport(mars)) })),
];

function keyOf({ token }: CallOptions = {}): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

function rpc(transport: Transport): Call {
  return async (operation, input, options) => {
    const { method } = operationMethods.find((known) => known.operation === operation) as {
      method: DescMethodUnary;
    };
    const request = create(method.input, messageOf(method.input, input));
    try {
      const { message } = await transport.unary(method, undefined, 30_000, keyOf(options), request);
      return {
        answer: plain(jsonOf(method.output, toJson(method.output, message, { useProtoFieldName: true }))),
      };
    } catch (thrown) {
      const error = ConnectError.from(thrown);
      options?.onRefused?.(error.message);
      return { code: error.code, fields: violations(error) };
    }
  };
}

/** An answer is as its operation's schema says: that is what OpenAPI promises. */
function assertBySchema({ name, output, restAnswer }: Operation, answer: Json): void {
  const { success, ...members } = answer;
  const shown = restAnswer === undefined ? members : { [restAnswer]: members };
  // `success` is the answer's own where the operation has it, and else added by REST to every change.
  const own = "success" in shapeOf(output) ? { ...shown, success } : shown;
  expect([name, output.safeParse(own).error?.message]).toEqual([name, undefined]);
}

/** Where each part of the input goes. */
function restRequest({ rest, body }: Operation, input: Json): { request: string; body: unknown } {
  const left = { ...input };
  const path = rest.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const segment = encodeURIComponent(String(left[name]));
    delete left[name];
    return segment;
  });
  if (body !== undefined && body.field === undefined) return { request: path, body: left };
  const content = body?.field === undefined ? undefined : left[body.field];
  const query = Object.entries(left)
    .filter(([name]) => name !== body?.field)
    .flatMap(([name, value]): (readonly [string, unknown])[] =>
      // Of an object each member is a parameter.
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.entries(value).map(([member, one]) => [`${name}.${member}`, one])
        : [value].flat().map((one) => [name, one]),
    )
    .map(([name, one]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(one))}`);
  return { request: query.length === 0 ? path : `${path}?${query.join("&")}`, body: content };
}

/** The form of REST, by protobuf's own mapping to JSON and not by the code under test. */
function jsonOf(message: DescMessage, json: unknown): Json {
  const given = json as Json;
  const fields = message.fields.filter(({ name }) => given[name] !== undefined);
  return Object.fromEntries(
    fields.map((field) => {
      const value = given[field.name];
      return [
        field.name,
        Array.isArray(value) ? value.map((one) => fieldOf(field, one)) : fieldOf(field, value),
      ];
    }),
  );
}

function fieldOf(field: DescField, value: unknown): unknown {
  if (field.enum !== undefined)
    return String(value)
      .slice(field.enum.sharedPrefix?.length ?? 0)
      .toLowerCase();
  if (field.message === undefined)
    return isNumber(field) && /^\d+$/.test(String(value)) ? Number(value) : value;
  switch (field.message.typeName) {
    case "google.protobuf.Duration":
      return Number(String(value).slice(0, -1)) * 1_000;
    case "google.protobuf.Timestamp":
    case "google.protobuf.Struct":
      return value;
    default:
      return jsonOf(field.message, value);
  }
}

/** Numbers of 64 bits are texts in protobuf's JSON. */
function isNumber({ scalar }: DescField): boolean {
  return scalar !== undefined && scalar !== ScalarType.STRING;
}

/** Without what is absent, empty or zero, of which protobuf knows no difference; times as microseconds, durations as milliseconds. */
function plain(value: unknown): Json {
  return (plainOf(value) ?? {}) as Json;
}

function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(plainOf);
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .map(([name, member]) => [name, plainOf(member)] as const)
      .filter(([, member]) => member !== undefined);
    return members.length === 0 ? undefined : Object.fromEntries(members);
  }
  if (value === null || value === "" || value === 0 || value === false || value === "off") return undefined;
  if (typeof value !== "string") return value;
  const time = parseTime(value);
  return typeof time === "number" ? time : (parseDuration(value) ?? value);
}
