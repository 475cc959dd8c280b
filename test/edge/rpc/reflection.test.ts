import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { create, createFileRegistry, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { Code, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { operationMethods } from "../../../src/edge/rpc/operations.ts";
import {
  ServerReflection,
  type ServerReflectionRequestSchema,
  type ServerReflectionResponse,
} from "../../../src/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as FormerReflection } from "../../../src/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { startMars, type TestMars } from "../../support/mars.ts";

type Question = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]>;

let mars: TestMars;
beforeAll(async () => {
  mars = await startMars();
});
afterAll(() => mars[Symbol.asyncDispose]());

const transports = {
  gRPC: () => createGrpcTransport({ baseUrl: `http://127.0.0.1:${mars.grpcPort}` }),
  Connect: () => createConnectTransport({ baseUrl: mars.url, httpVersion: "2" }),
};

describe.each(Object.entries(transports))("reflection by %s", (_, transport) => {
  /** The answers to questions that are asked on one stream. */
  async function ask(...questions: Question[]): Promise<ServerReflectionResponse["messageResponse"][]> {
    async function* requests() {
      for (const messageRequest of questions) yield { host: "mars", messageRequest };
    }
    const answers = [];
    const client = createClient(ServerReflection, transport());
    for await (const { validHost, messageResponse } of client.serverReflectionInfo(requests())) {
      expect(validHost).toBe("mars");
      answers.push(messageResponse);
    }
    return answers;
  }

  function filesOf(answer: ServerReflectionResponse["messageResponse"] | undefined): FileDescriptorProto[] {
    if (answer?.case !== "fileDescriptorResponse") throw new Error(`no files: ${JSON.stringify(answer)}`);
    return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  }

  test("lists every service", async () => {
    const [answer] = await ask({ case: "listServices", value: "" });
    const names = answer?.case === "listServicesResponse" ? answer.value.service.map(({ name }) => name) : [];
    expect(names).toEqual([
      "MarsWeb.GrpcService.MarsGrpc",
      "mars.v1.IngestService",
      "opentelemetry.proto.collector.logs.v1.LogsService",
      "opentelemetry.proto.collector.trace.v1.TraceService",
      "mars.v1.MessageService",
      "mars.v1.LifecycleService",
      "mars.v1.AlertService",
      "mars.v1.AdminService",
      "mars.v1.AccessService",
      "mars.v1.PrivacyService",
      "mars.v1.TriageService",
      "mars.v1.ViewService",
      "mars.v1.CollectorService",
      "mars.v1.SourceService",
      "grpc.health.v1.Health",
      "grpc.reflection.v1alpha.ServerReflection",
      "grpc.reflection.v1.ServerReflection",
    ]);
  });

  test("answers alike under its former name", async () => {
    async function* questions() {
      yield {
        host: "mars",
        messageRequest: { case: "fileContainingSymbol", value: "mars.v1.Incident" } as const,
      };
    }
    const former = createClient(FormerReflection, transport()).serverReflectionInfo(questions());
    for await (const { messageResponse } of former) {
      const [answer] = await ask({ case: "fileContainingSymbol", value: "mars.v1.Incident" });
      if (messageResponse.case !== "fileDescriptorResponse" || answer?.case !== "fileDescriptorResponse")
        throw new Error("no files");
      expect(messageResponse.value.fileDescriptorProto).toEqual(answer.value.fileDescriptorProto);
    }
  });

  test("has all that a client needs to call any operation", async () => {
    for (const { operation, method } of operationMethods) {
      const symbol = operation.rpc.replace("/", ".");
      const [answer] = await ask({ case: "fileContainingSymbol", value: symbol });
      const set = create(FileDescriptorSetSchema, { file: importedFirst(filesOf(answer)) });
      const service = createFileRegistry(set).getService(method.parent.typeName);
      expect(service?.methods.map(({ name }) => name)).toContain(method.name);
    }
  });

  test("has the details of errors, which no service names", async () => {
    const [answer] = await ask({ case: "fileContainingSymbol", value: "google.rpc.BadRequest" });
    expect(filesOf(answer)[0]?.name).toBe("google/rpc/error_details.proto");
  });

  test("finds files by name, and by messages, fields, enums and their values", async () => {
    const byName = await ask({ case: "fileByFilename", value: "mars/v1/alert.proto" });
    expect(filesOf(byName[0])[0]?.name).toBe("mars/v1/alert.proto");
    const symbols = ["Incident", "Incident.rule", "SinkType", "SINK_TYPE_SLACK"];
    for (const symbol of symbols) {
      const [answer] = await ask({ case: "fileContainingSymbol", value: `mars.v1.${symbol}` });
      expect([symbol, filesOf(answer)[0]?.name]).toEqual([symbol, "mars/v1/alert.proto"]);
    }
  });

  test("sends what a file imports once on a stream", async () => {
    const question: Question = { case: "fileByFilename", value: "mars/v1/alert.proto" };
    const answers = await ask(question, question);
    expect(answers.map((answer) => filesOf(answer).length)).toEqual([5, 1]);
  });

  test("says what is not there", async () => {
    const answers = await ask(
      { case: "fileByFilename", value: "none.proto" },
      { case: "fileContainingSymbol", value: "mars.v1.Nothing" },
      { case: "fileContainingSymbol", value: "mars.v1.Incident.nothing" },
      { case: "allExtensionNumbersOfType", value: "mars.v1.Nothing" },
      { case: "fileContainingExtension", value: { containingType: "mars.v1.Incident", extensionNumber: 1 } },
      { case: undefined },
    );
    const codes = answers.map((answer) =>
      answer.case === "errorResponse" ? answer.value.errorCode : undefined,
    );
    const { NotFound, InvalidArgument } = Code;
    expect(codes).toEqual([NotFound, NotFound, NotFound, NotFound, NotFound, InvalidArgument]);
  });
});

/** A file that another one imports comes before it. */
function importedFirst(files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const sorted = new Set<FileDescriptorProto>();
  const add = (file: FileDescriptorProto) => {
    for (const name of file.dependency) add(files.find((one) => one.name === name)!);
    sorted.add(file);
  };
  for (const file of files) add(file);
  return [...sorted];
}
