/** Clients that this project did not write, for every way in which RPC can be spoken. */
import { expect } from "bun:test";
import { type Client, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { MarsGrpc } from "../../../src/gen/event_pb.ts";
import { BadRequestSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { IngestService } from "../../../src/gen/mars/v1/ingest_service_pb.ts";
import { LifecycleService } from "../../../src/gen/mars/v1/lifecycle_service_pb.ts";
import { MessageService } from "../../../src/gen/mars/v1/message_service_pb.ts";

export interface Ports {
  readonly httpPort: number;
  readonly grpcPort: number;
}

export interface RpcClients {
  readonly legacy: Client<typeof MarsGrpc>;
  readonly ingest: Client<typeof IngestService>;
  readonly messages: Client<typeof MessageService>;
  readonly lifecycles: Client<typeof LifecycleService>;
}

/** One behaviour, several protocols: what is the same everywhere is tested with each of these. */
export const transports: readonly [name: string, open: (ports: Ports) => Transport][] = [
  ["gRPC", ({ grpcPort }) => createGrpcTransport({ baseUrl: url(grpcPort) })],
  ["gRPC with gzip", ({ grpcPort }) => createGrpcTransport({ baseUrl: url(grpcPort), ...gzip })],
  [
    "gRPC with JSON",
    ({ grpcPort }) => createGrpcTransport({ baseUrl: url(grpcPort), useBinaryFormat: false }),
  ],
  ["gRPC-Web", ({ httpPort }) => createGrpcWebTransport({ baseUrl: url(httpPort), httpVersion: "1.1" })],
  [
    "gRPC-Web over HTTP/2",
    ({ httpPort }) => createGrpcWebTransport({ baseUrl: url(httpPort), httpVersion: "2" }),
  ],
  [
    "Connect with JSON",
    ({ httpPort }) =>
      createConnectTransport({ baseUrl: url(httpPort), httpVersion: "1.1", useBinaryFormat: false }),
  ],
  [
    "Connect with JSON and GET",
    ({ httpPort }) =>
      createConnectTransport({
        baseUrl: url(httpPort),
        httpVersion: "1.1",
        useBinaryFormat: false,
        useHttpGet: true,
      }),
  ],
  [
    "Connect over HTTP/2",
    ({ httpPort }) => createConnectTransport({ baseUrl: url(httpPort), httpVersion: "2" }),
  ],
  [
    "Connect with gzip",
    ({ httpPort }) => createConnectTransport({ baseUrl: url(httpPort), httpVersion: "1.1", ...gzip }),
  ],
];

const gzip = { sendCompression: compressionGzip, acceptCompression: [compressionGzip], compressMinBytes: 1 };

export function rpcClients(transport: Transport): RpcClients {
  return {
    legacy: createClient(MarsGrpc, transport),
    ingest: createClient(IngestService, transport),
    messages: createClient(MessageService, transport),
    lifecycles: createClient(LifecycleService, transport),
  };
}

/** What a call that must fail fails with. */
export async function failure(call: Promise<unknown>): Promise<ConnectError> {
  return ConnectError.from(
    await call.then(
      () => expect.unreachable("the call succeeded"),
      (error) => error,
    ),
  );
}

/** The fields that an error's details name. */
export function violations(error: ConnectError): string[] {
  return error
    .findDetails(BadRequestSchema)
    .flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field));
}

/** `@grpc/grpc-js` over what `@grpc/proto-loader` makes of our files, as a program without generated code has it. */
export function grpcJsClients({ grpcPort }: Ports, options: grpc.ClientOptions = {}) {
  const services = ["ingest", "message", "lifecycle"];
  const files = ["event.proto", ...services.map((name) => `mars/v1/${name}_service.proto`)];
  const loaded = grpc.loadPackageDefinition(
    loadSync(files, { includeDirs: ["proto"], keepCase: true, longs: Number, enums: String, oneofs: true }),
  );
  const address = `127.0.0.1:${grpcPort}`;
  const credentials = grpc.credentials.createInsecure();
  const service = (path: string): grpc.Client => {
    let at: unknown = loaded;
    for (const name of path.split(".")) at = (at as Record<string, unknown>)[name];
    return new (at as grpc.ServiceClientConstructor)(address, credentials, options);
  };
  return {
    legacy: service("MarsWeb.GrpcService.MarsGrpc"),
    ingest: service("mars.v1.IngestService"),
    messages: service("mars.v1.MessageService"),
    lifecycles: service("mars.v1.LifecycleService"),
  };
}

export type Fields = Record<string, unknown>;
/** What `makeClientConstructor` puts on a client, which the types cannot know. */
export type Methods = Record<string, (...args: unknown[]) => grpc.ClientDuplexStream<Fields, Fields>>;

export function methods(client: grpc.Client): Methods {
  return client as unknown as Methods;
}

/** Makes a unary call. */
export function unary(
  client: grpc.Client,
  method: string,
  request: Fields,
  options: grpc.CallOptions = {},
  metadata = new grpc.Metadata(),
): Promise<Fields> {
  return new Promise((resolve, reject) => {
    methods(client)[method]!(request, metadata, options, (error: grpc.ServiceError | null, answer: Fields) =>
      error === null ? resolve(answer) : reject(error),
    );
  });
}

/** What a call of grpc-js that must fail fails with. */
export function grpcFailure(call: Promise<unknown>): Promise<grpc.ServiceError> {
  return call.then(
    () => expect.unreachable("the call succeeded"),
    (error) => error,
  );
}

function url(port: number): string {
  return `http://127.0.0.1:${port}`;
}
