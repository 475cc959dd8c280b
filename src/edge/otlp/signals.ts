/** The two signals of OpenTelemetry that become events: what is different between them. */
import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { logFromJson, spanFromJson } from "../../formats/otlp/json-records.ts";
import type { OtlpBatch } from "../../formats/otlp/otlp-batch.ts";
import type { RecordContext } from "../../formats/otlp/record-event.ts";
import {
  ExportLogsServiceResponseSchema,
  LogsService,
} from "../../gen/opentelemetry/proto/collector/logs/v1/logs_service_pb.ts";
import {
  ExportTraceServiceResponseSchema,
  TraceService,
} from "../../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { LogRecordSchema } from "../../gen/opentelemetry/proto/logs/v1/logs_pb.ts";
import { SpanSchema } from "../../gen/opentelemetry/proto/trace/v1/trace_pb.ts";
import { signalPaths } from "./paths.ts";
import { logFromProto, spanFromProto } from "./proto-records.ts";

export interface Signal {
  readonly path: string;
  readonly method: typeof LogsService.method.export | typeof TraceService.method.export;
  readonly response: DescMessage;
  /** Names of OTLP's JSON. */
  readonly names: {
    readonly resources: string;
    readonly scopes: string;
    readonly records: string;
    readonly rejected: string;
  };
  addJson(record: unknown, context: RecordContext, batch: OtlpBatch): void;
  /** Throws where the bytes are no record. */
  addProto(bytes: Uint8Array, context: RecordContext, batch: OtlpBatch): void;
}

// What is not known would be kept, and never used.
const known = { readUnknownFields: false };

export const logs: Signal = {
  path: signalPaths.logs,
  method: LogsService.method.export,
  response: ExportLogsServiceResponseSchema,
  names: {
    resources: "resourceLogs",
    scopes: "scopeLogs",
    records: "logRecords",
    rejected: "rejectedLogRecords",
  },
  addJson: (record, context, batch) => batch.addLog(logFromJson(record), context),
  addProto: (bytes, context, batch) =>
    batch.addLog(logFromProto(fromBinary(LogRecordSchema, bytes, known)), context),
};

export const traces: Signal = {
  path: signalPaths.traces,
  method: TraceService.method.export,
  response: ExportTraceServiceResponseSchema,
  names: {
    resources: "resourceSpans",
    scopes: "scopeSpans",
    records: "spans",
    rejected: "rejectedSpans",
  },
  addJson: (record, context, batch) => batch.addSpan(spanFromJson(record), context),
  addProto: (bytes, context, batch) =>
    batch.addSpan(spanFromProto(fromBinary(SpanSchema, bytes, known)), context),
};

export const signals: readonly Signal[] = [logs, traces];

/** On the gRPC port only. */
export const otlpServices = [LogsService, TraceService] as const;
