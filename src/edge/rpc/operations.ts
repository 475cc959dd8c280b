/** Serves operations over RPC: the methods' messages become their inputs, and their answers messages. */
import type { DescMethod, DescMethodUnary, DescService } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import type { Operation } from "../../api/operation.ts";
import { operations } from "../../api/operations.ts";
import { smallBodyBytesMax } from "../../core/limits.ts";
import { AccessService } from "../../gen/mars/v1/access_service_pb.ts";
import { AdminService } from "../../gen/mars/v1/admin_service_pb.ts";
import { AlertService } from "../../gen/mars/v1/alert_service_pb.ts";
import { CollectorService } from "../../gen/mars/v1/collector_service_pb.ts";
import { LifecycleService } from "../../gen/mars/v1/lifecycle_service_pb.ts";
import { MessageService } from "../../gen/mars/v1/message_service_pb.ts";
import { PrivacyService } from "../../gen/mars/v1/privacy_service_pb.ts";
import { SourceService } from "../../gen/mars/v1/source_service_pb.ts";
import { TriageService } from "../../gen/mars/v1/triage_service_pb.ts";
import { ViewService } from "../../gen/mars/v1/view_service_pb.ts";
import type { EdgeParts } from "../parts.ts";
import { callerOf } from "./caller.ts";
import { strictJsonOptions } from "./json-options.ts";
import { inputOf, messageOf } from "./proto-json.ts";
import type { Json } from "./proto-shapes.ts";

/** The services that operations are methods of. */
export const operationServices: readonly DescService[] = [
  MessageService,
  LifecycleService,
  AlertService,
  AdminService,
  AccessService,
  PrivacyService,
  TriageService,
  ViewService,
  CollectorService,
  SourceService,
];

/** An operation with the method that it is. */
export interface OperationMethod {
  readonly operation: Operation;
  readonly method: DescMethodUnary;
  /** The bytes of its request, packed and unpacked. */
  readonly bytesMax: number;
}

export const operationMethods: readonly OperationMethod[] = operations.map((operation) => ({
  operation,
  method: methodOf(operation.rpc),
  bytesMax: operation.body?.bytesMax ?? smallBodyBytesMax,
}));

/** Adds a method for each of the operations. */
export function addOperationMethods(router: ConnectRouter, parts: EdgeParts): void {
  for (const { operation, method, bytesMax } of operationMethods) {
    const call = async (request: object, context: Parameters<typeof callerOf>[0]) => {
      const input = inputOf(method.input, request as Json);
      const answer = await operation.run(parts, input, callerOf(context));
      return messageOf(method.output, answer as Json);
    };
    router.rpc(method, call, {
      readMaxBytes: bytesMax,
      jsonOptions: strictJsonOptions(method.input, parts.log),
    });
  }
}

/** Whether a method is one of those that may take long. */
export function isSlow(method: DescMethod): boolean {
  return operationMethods.some((one) => one.method === method && one.operation.slow === true);
}

/** The name of the operation, or of a method that is none. */
export function actionOf(method: DescMethod): string {
  const known = operationMethods.find((one) => one.method === method);
  return known?.operation.name ?? `${method.parent.typeName}/${method.name}`;
}

function methodOf(name: string): DescMethodUnary {
  const method = operationServices
    .flatMap(({ methods }) => methods)
    .find(({ parent, name: own }) => `${parent.typeName}/${own}` === name);
  if (method?.methodKind !== "unary") throw new Error(`${name} is no unary method`);
  return method as DescMethodUnary;
}
