/** Connect's handlers for every method, by path. Transports differ only in the protocols that they ask for. */
import type { DescMethod } from "@bufbuild/protobuf";
import { createConnectRouter, type Interceptor } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { bodyBytesMax, eventBodyBytesMax, smallBodyBytesMax } from "../../core/limits.ts";
import { MarsGrpc } from "../../gen/event_pb.ts";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { IngestService } from "../../gen/mars/v1/ingest_service_pb.ts";
import { LifecycleService } from "../../gen/mars/v1/lifecycle_service_pb.ts";
import { MessageService } from "../../gen/mars/v1/message_service_pb.ts";
import type { EdgeParts } from "../parts.ts";
import { takeTurns } from "./call-turns.ts";
import { rpcError } from "./error.ts";
import { compressBytesMin, gzipCompression } from "./gzip.ts";
import { createIngestMethods } from "./ingest-service.ts";
import { jsonOptions, strictJsonOptions } from "./json-options.ts";
import { addOperationMethods, operationMethods, operationServices } from "./operations.ts";
import type { Protocols } from "./protocols.ts";
import { createReflection } from "./reflection.ts";
import { boundRequests } from "./request-bounds.ts";
import { guardRequests } from "./request-guard.ts";
import { createWatchMethods } from "./watch.ts";

export interface RpcRouterOptions {
  readonly protocols: Protocols;
  /** Ends streams with its reason when it aborts. Unary calls go on; they end by themselves. */
  readonly stopping: AbortSignal;
}

/** The bytes of a request's message, packed and unpacked, by method; others have `smallBodyBytesMax`. */
const bytesMaxOf: ReadonlyMap<DescMethod, number> = new Map<DescMethod, number>([
  [MarsGrpc.method.collectEvent, eventBodyBytesMax],
  [IngestService.method.collectEvent, eventBodyBytesMax],
  [IngestService.method.collectEvents, bodyBytesMax],
  [IngestService.method.collectStream, bodyBytesMax],
  ...operationMethods.map(({ method, bytesMax }) => [method, bytesMax] as const),
]);

/** The handlers by request path, such as `/mars.v1.IngestService/CollectEvent`. */
export function createRpcHandlers(
  parts: EdgeParts,
  { protocols, stopping }: RpcRouterOptions,
): ReadonlyMap<string, UniversalHandler> {
  const ingest = createIngestMethods(parts.ingest);
  const watch = createWatchMethods(parts);
  const { watchEvents } = MessageService.method;
  const { watchFindings } = LifecycleService.method;
  const { log } = parts;
  // Named for each method again: a protocol that its own options leave out is on, though the router has it off.
  const event = { ...protocols, readMaxBytes: eventBodyBytesMax };
  const stream = { ...protocols, readMaxBytes: smallBodyBytesMax, shutdownSignal: stopping };
  const router = createConnectRouter({
    ...protocols,
    interceptors: [explainErrors(parts), endWithSignal],
    acceptCompression: [gzipCompression],
    compressMinBytes: compressBytesMin,
    readMaxBytes: bodyBytesMax,
    jsonOptions,
  })
    .rpc(MarsGrpc.method.collectEvent, ingest.collectLegacyEvent, event)
    .rpc(IngestService.method.collectEvent, ingest.collectEvent, event)
    .rpc(IngestService.method.collectEvents, ingest.collectEvents)
    .rpc(IngestService.method.collectStream, ingest.collectStream, { ...protocols, shutdownSignal: stopping })
    .rpc(watchEvents, watch.watchEvents, {
      ...stream,
      jsonOptions: strictJsonOptions(watchEvents.input, log),
    })
    .rpc(watchFindings, watch.watchFindings, {
      ...stream,
      jsonOptions: strictJsonOptions(watchFindings.input, log),
    });
  const reflection = createReflection([MarsGrpc, IngestService, ...operationServices]);
  router.rpc(ServerReflection.method.serverReflectionInfo, reflection, stream);
  addOperationMethods(router, parts, protocols);
  return new Map(
    router.handlers.map((handler) => {
      const bytesMax = bytesMaxOf.get(handler.method) ?? smallBodyBytesMax;
      const takesEvents = eventServices.has(handler.service.typeName);
      const bounded = guardRequests(boundRequests(handler, parts, { bytesMax, takesEvents }));
      return [handler.requestPath, takeTurns(bounded, parts.intake.calls)];
    }),
  );
}

/** The services that collect events. */
const eventServices: ReadonlySet<string> = new Set([IngestService.typeName, MarsGrpc.typeName]);

/** Turns anything that a method throws into the error for the client. */
function explainErrors({
  log,
  refusals,
  intake,
}: Pick<EdgeParts, "log" | "refusals" | "intake">): Interceptor {
  return (next) => async (request) => {
    const explain = async (error: unknown) => {
      if (eventServices.has(request.service.typeName)) {
        refusals.refused(error);
        await intake.pace(error);
      }
      return rpcError(error, log);
    };
    try {
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
  const { signal } = request;
  const { promise, reject } = Promise.withResolvers<never>();
  const listener = () => reject(signal.reason);
  signal.addEventListener("abort", listener);
  try {
    signal.throwIfAborted();
    return await Promise.race([next(request), promise]);
  } finally {
    signal.removeEventListener("abort", listener);
  }
};
