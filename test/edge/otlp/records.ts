/** OTLP requests in both encodings, and what has come of them. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { StatusSchema } from "../../../src/gen/google/rpc/status_pb.ts";
import {
  ExportLogsServiceRequestSchema,
  ExportLogsServiceResponseSchema,
} from "../../../src/gen/opentelemetry/proto/collector/logs/v1/logs_service_pb.ts";
import { SpanSchema } from "../../../src/gen/opentelemetry/proto/trace/v1/trace_pb.ts";
import type { TestMars } from "../../support/mars.ts";
import { get, type Json, post } from "../rest/client.ts";

export const trace = "5b8efff798038103d269b633813fc60c";
export const span = "eee19b7ec3c1b174";

export const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });

/** A resource of this service. */
export function service(name: string) {
  return { attributes: [text("service.name", name)] };
}

/** A request in JSON with these records. */
export function logsOf(name: string, ...logRecords: Json[]) {
  return { resourceLogs: [{ resource: service(name), scopeLogs: [{ logRecords }] }] };
}

export function spansOf(name: string, ...spans: Json[]) {
  return { resourceSpans: [{ resource: service(name), scopeSpans: [{ spans }] }] };
}

const protoHeaders = { "content-type": "application/x-protobuf" };

/** Posts log records of one service in protobuf. */
export async function postProto(
  url: string,
  body: Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
) {
  const response = await fetch(url, { method: "POST", body, headers: { ...protoHeaders, ...headers } });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const type = response.headers.get("content-type");
  const isGood = response.status === 200;
  return {
    status: response.status,
    headers: response.headers,
    type,
    answer: isGood ? fromBinary(ExportLogsServiceResponseSchema, bytes) : undefined,
    error: isGood ? undefined : fromBinary(StatusSchema, bytes),
  };
}

interface ProtoLog {
  readonly name: string;
  readonly id: string;
  readonly time?: bigint;
  readonly attributes?: Readonly<Record<string, string>>;
}

export function protoLogs(app: string, logs: readonly ProtoLog[]) {
  const pair = ([key, value]: readonly [string, string]) => ({
    key,
    value: { value: { case: "stringValue", value } } as const,
  });
  const request = create(ExportLogsServiceRequestSchema, {
    resourceLogs: [
      {
        resource: { attributes: [pair(["service.name", app])] },
        scopeLogs: [
          {
            logRecords: logs.map(({ name, id, time = 1_700_000_000_123_456_789n, attributes = {} }) => ({
              eventName: name,
              timeUnixNano: time,
              attributes: [
                ...(id === "" ? [] : [pair(["mars.message_id", id])]),
                ...Object.entries(attributes).map(pair),
              ],
            })),
          },
        ],
      },
    ],
  });
  return { request, bytes: toBinary(ExportLogsServiceRequestSchema, request) };
}

export { SpanSchema };

/** The message, once all that was accepted before is stored; `undefined` where there is none. */
export async function messageOf(mars: TestMars, app: string, id: string): Promise<Json> {
  const { body } = await post(`${mars.url}/api/event`, {
    app_id: "barrier",
    message_id: "b",
    event: "stored",
  });
  const path = `/api/apps/${encodeURIComponent(app)}/messages/${encodeURIComponent(id)}`;
  const answer = await get(`${mars.url}${path}?min_seq=${body.seq}`);
  return answer.status === 200 ? answer.body : undefined;
}
