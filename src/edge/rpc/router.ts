/** Connect's handlers for every method, by path. Transports differ only in the protocols that they ask for. */

import type { DescMethod, DescService } from "@bufbuild/protobuf";
import {
  type ConnectRouter,
  type ConnectRouterOptions,
  createConnectRouter,
  type Interceptor,
  type MethodImpl,
} from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { MarsError } from "../../core/error.ts";
import { eventBounds } from "../../core/event-bounds.ts";
import { bodyBytesMax, smallBodyBytesMax } from "../../core/limits.ts";
import { MarsGrpc } from "../../gen/event_pb.ts";
import { Health } from "../../gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as FormerReflection } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { AlertService } from "../../gen/mars/v1/alert_service_pb.ts";
import { IngestService } from "../../gen/mars/v1/ingest_service_pb.ts";
import { LifecycleService } from "../../gen/mars/v1/lifecycle_service_pb.ts";
import { MessageService } from "../../gen/mars/v1/message_service_pb.ts";
import { orAborted } from "../../runtime/or-aborted.ts";
import { otlpServices } from "../otlp/signals.ts";
import type { EdgeParts } from "../parts.ts";
import { requestIdFrom, requestIdHeader } from "../request-id.ts";
import { takeTurns } from "./call-turns.ts";
import { callerOf, identifiedIn } from "./caller.ts";
import { rpcError } from "./error.ts";
import { compressBytesMin, gzipCompression } from "./gzip.ts";
import { createHealthMethods } from "./health-service.ts";
import { createIngestMethods } from "./ingest-service.ts";
import { jsonOptions, strictJsonOptions } from "./json-options.ts";
import { largeBatches } from "./large-batch.ts";
import { actionOf, addOperationMethods, operationMethods, operationServices } from "./operations.ts";
import { createReflection } from "./reflection.ts";
import { boundRequests } from "./request-bounds.ts";
import { guardRequests, protocolOf } from "./request-guard.ts";
import { createWatchMethods } from "./watch.ts";

type Protocols = Required<Pick<ConnectRouterOptions, "grpc" | "grpcWeb" | "connect">>;

export interface RpcRouterOptions {
  readonly protocols: Protocols;
  /** Ends streams with its reason when it aborts. Unary calls go on; they end by themselves. */
  readonly stopping: AbortSignal;
}

/** The bytes of a request's message, packed and unpacked, by method; others have `smallBodyBytesMax`. */
function bytesMaxByMethod(): ReadonlyMap<DescMethod, number> {
  return new Map<DescMethod, number>([
    [MarsGrpc.method.collectEvent, eventBounds.bodyBytesMax],
    [IngestService.method.collectEvent, eventBounds.bodyBytesMax],
    [IngestService.method.collectEvents, bodyBytesMax],
    [IngestService.method.collectStream, bodyBytesMax],
    ...operationMethods.map(({ method, bytesMax }) => [method, bytesMax] as const),
  ]);
}

const services: readonly DescService[] = [MarsGrpc, IngestService, ...otlpServices, ...operationServices];
const reflections: readonly DescService[] = [ServerReflection, FormerReflection];

/** Every method that has a handler: all but those of OTLP, which has paths of its own over HTTP. */
export const rpcMethods: readonly DescMethod[] = [...services, Health, ...reflections]
  .filter(({ typeName }) => !otlpServices.some((one) => one.typeName === typeName))
  .flatMap(({ methods }) => methods);

/** The handlers by request path, such as `/mars.v1.IngestService/CollectEvent`. */
export function createRpcHandlers(
  parts: EdgeParts,
  { protocols, stopping }: RpcRouterOptions,
): ReadonlyMap<string, UniversalHandler> {
  const ingest = createIngestMethods(parts);
  const watch = createWatchMethods(parts);
  const { watchEvents } = MessageService.method;
  const { watchAlerts, watchIncidents } = AlertService.method;
  const { watchFindings } = LifecycleService.method;
  const { log } = parts;
  const event = { readMaxBytes: eventBounds.bodyBytesMax };
  const stream = { readMaxBytes: smallBodyBytesMax, shutdownSignal: stopping };
  const router = speakOnly(
    protocols,
    createConnectRouter({
      interceptors: [explainErrors(parts), endWithSignal],
      acceptCompression: [gzipCompression],
      compressMinBytes: compressBytesMin,
      readMaxBytes: bodyBytesMax,
      jsonOptions,
    }),
  )
    .rpc(
      MarsGrpc.method.collectEvent,
      (request, context) => ingest.collectLegacyEvent(request, callerOf(context)),
      event,
    )
    .rpc(
      IngestService.method.collectEvent,
      (request, context) => ingest.collectEvent(request, callerOf(context)),
      event,
    )
    .rpc(IngestService.method.collectEvents, (request, context) => {
      const large = context.values.get(largeBatches).get(0);
      const caller = callerOf(context);
      return large === undefined
        ? ingest.collectEvents(request, caller)
        : ingest.collectChecked(large, caller);
    })
    .rpc(IngestService.method.collectStream, ingest.collectStream, { shutdownSignal: stopping })
    .rpc(watchEvents, watch.watchEvents, {
      ...stream,
      jsonOptions: strictJsonOptions(watchEvents.input, log),
    })
    .rpc(watchAlerts, watch.watchAlerts, {
      ...stream,
      jsonOptions: strictJsonOptions(watchAlerts.input, log),
    })
    .rpc(watchIncidents, watch.watchIncidents, {
      ...stream,
      jsonOptions: strictJsonOptions(watchIncidents.input, log),
    })
    .rpc(watchFindings, watch.watchFindings, {
      ...stream,
      jsonOptions: strictJsonOptions(watchFindings.input, log),
    });
  const takesEvents = ({ typeName }: DescService) => eventServices.has(typeName);
  const { check, list, watch: watchHealth } = createHealthMethods({ ...parts, services, takesEvents });
  router.rpc(Health.method.check, check).rpc(Health.method.list, list);
  router.rpc(Health.method.watch, watchHealth, stream);
  const reflection = createReflection([...services, Health, FormerReflection]);
  router.rpc(ServerReflection.method.serverReflectionInfo, reflection, stream);
  // The messages of both are alike but for their package.
  const formerReflection = reflection as unknown as MethodImpl<
    typeof FormerReflection.method.serverReflectionInfo
  >;
  router.rpc(FormerReflection.method.serverReflectionInfo, formerReflection, stream);
  addOperationMethods(router, parts);
  const bytesMaxOf = bytesMaxByMethod();
  return new Map(
    router.handlers.map((handler) => {
      const bytesMax = bytesMaxOf.get(handler.method) ?? smallBodyBytesMax;
      const bounds = { bytesMax, takesEvents: takesEvents(handler.service) };
      const bounded = guardRequests(boundRequests(handler, parts, bounds));
      return [handler.requestPath, takeTurns(bounded, parts.intake.calls)];
    }),
  );
}

/** A method with options of its own would speak each protocol that these do not name, though the router has it off. */
function speakOnly(protocols: Protocols, router: ConnectRouter): ConnectRouter {
  const add = router.rpc.bind(router) as (
    method: DescMethod,
    implementation: unknown,
    options: ConnectRouterOptions,
  ) => ConnectRouter;
  router.rpc = (method: DescMethod, implementation: unknown, options?: ConnectRouterOptions) =>
    add(method, implementation, { ...protocols, ...options });
  return router;
}

/** The services that collect events. */
const eventServices: ReadonlySet<string> = new Set(
  [IngestService, MarsGrpc, ...otlpServices].map(({ typeName }) => typeName),
);

const publicServices: ReadonlySet<string> = new Set([...reflections, Health].map(({ typeName }) => typeName));

/** Whether a service needs no key: it describes Mars, and shows nothing that it stores. */
export function isPublic({ typeName }: Pick<DescService, "typeName">): boolean {
  return publicServices.has(typeName);
}

/** Turns anything that a method throws into the error for the client. */
function explainErrors({
  log,
  doors,
  intake,
  denials,
}: Pick<EdgeParts, "log" | "doors" | "intake" | "denials">): Interceptor {
  return (next) => async (request) => {
    const explain = async (error: unknown) => {
      const requestId = requestIdFrom(request.header.get(requestIdHeader));
      const caller = identifiedIn(request.contextValues);
      // Who is not known has been noted with its address.
      if (!(caller instanceof MarsError)) {
        denials.note(error, () => ({ ...caller, action: actionOf(request.method), requestId }));
      }
      if (eventServices.has(request.service.typeName)) {
        doors.refused(protocolOf(request.header), error, requestId);
        await intake.pace(error);
      }
      return rpcError(error, log, requestId);
    };
    try {
      const caller = identifiedIn(request.contextValues);
      if (caller instanceof MarsError) throw caller;
      if (eventServices.has(request.service.typeName)) caller.identity.assertMay("ingest");
      const response = await next(request);
      return response.stream ? { ...response, message: explained(response.message, explain) } : response;
    } catch (error) {
      throw await explain(error);
    }
  };

  async function* explained<T>(
    messages: AsyncIterable<T>,
    explain: (error: unknown) => Promise<Error>,
  ): AsyncGenerator<T> {
    try {
      yield* messages;
    } catch (error) {
      throw await explain(error);
    }
  }
}

/** Answers a unary call as soon as its deadline has passed or its client is gone, while the method may still wait. */
const endWithSignal: Interceptor = (next) => async (request) => {
  if (request.stream) return next(request);
  request.signal.throwIfAborted();
  return orAborted(next(request), request.signal);
};
