/**
 * Server reflection: describes the services and their messages to clients such as grpcurl.
 * https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
import { type DescFile, type DescService, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { once } from "../../core/once.ts";
import { file_google_rpc_error_details } from "../../gen/google/rpc/error_details_pb.ts";
import {
  ServerReflection,
  type ServerReflectionRequest,
  type ServerReflectionResponseSchema,
} from "../../gen/grpc/reflection/v1/reflection_pb.ts";

type Response = MessageInitShape<typeof ServerReflectionResponseSchema>;
type Answer = NonNullable<Response["messageResponse"]>;

/** Answers questions about these services, about reflection itself, and about the details of errors. */
export function createReflection(services: readonly DescService[]) {
  const all = [...services, ServerReflection];
  // Looking through all files takes longer than any other part of a start.
  const index = once(() => indexOf(all));
  const encoded = new Map<DescFile, Uint8Array>();

  return async function* serverReflectionInfo(
    requests: AsyncIterable<ServerReflectionRequest>,
  ): AsyncGenerator<Response> {
    /** Files that this stream has received. A requested file is sent again, its imports are not. */
    const sent = new Set<DescFile>();
    for await (const request of requests) {
      yield { validHost: request.host, originalRequest: request, messageResponse: answerTo(request, sent) };
    }
  };

  function answerTo(
    { messageRequest: { case: kind, value } }: ServerReflectionRequest,
    sent: Set<DescFile>,
  ): Answer {
    const { files, symbols } = index();
    switch (kind) {
      case "listServices":
        return {
          case: "listServicesResponse",
          value: { service: all.map(({ typeName: name }) => ({ name })) },
        };
      case "fileByFilename":
        // Descriptors name files without their ending.
        return fileAnswer(files.get(value.replace(/\.proto$/, "")), value, sent);
      case "fileContainingSymbol":
        return fileAnswer(symbols.get(value), value, sent);
      case "allExtensionNumbersOfType":
        return !symbols.has(value)
          ? notFound(value)
          : { case: "allExtensionNumbersResponse", value: { baseTypeName: value, extensionNumber: [] } };
      case "fileContainingExtension":
        return notFound(`extension ${value.extensionNumber} of ${value.containingType}`);
      default:
        return error(Code.InvalidArgument, "message_request is required");
    }
  }

  function fileAnswer(file: DescFile | undefined, asked: string, sent: Set<DescFile>): Answer {
    if (file === undefined) return notFound(asked);
    const wanted = withImports(file).filter((one) => one === file || !sent.has(one));
    for (const one of wanted) sent.add(one);
    return { case: "fileDescriptorResponse", value: { fileDescriptorProto: wanted.map(bytesOf) } };
  }

  function bytesOf(file: DescFile): Uint8Array {
    const known = encoded.get(file) ?? toBinary(FileDescriptorProtoSchema, file.proto);
    encoded.set(file, known);
    return known;
  }
}

/** Files by their names, and by the symbols in them. */
function indexOf(services: readonly DescService[]) {
  const files = new Map(
    [...services.map(({ file }) => file), file_google_rpc_error_details]
      .flatMap(withImports)
      .map((file) => [file.name, file]),
  );
  const symbols = new Map(
    [...files.values()].flatMap((file) => symbolsOf(file).map((symbol) => [symbol, file] as const)),
  );
  return { files, symbols };
}

/** The file first, then all that it imports. */
function withImports(file: DescFile): DescFile[] {
  const found = new Set([file]);
  for (const one of found) for (const imported of one.dependencies) found.add(imported);
  return [...found];
}

/** Every symbol of a file, by its fully-qualified name; the values of an enum are its neighbours. */
function symbolsOf(file: DescFile): string[] {
  return [...nestedTypes(file)].flatMap((type) => {
    const { typeName } = type;
    switch (type.kind) {
      case "message":
        return [typeName, ...[...type.fields, ...type.oneofs].map(({ name }) => `${typeName}.${name}`)];
      case "service":
        return [typeName, ...type.methods.map(({ name }) => `${typeName}.${name}`)];
      case "enum": {
        const scope = typeName.slice(0, typeName.lastIndexOf(".") + 1);
        return [typeName, ...type.values.map(({ name }) => scope + name)];
      }
      default:
        return [typeName];
    }
  });
}

function notFound(what: string): Answer {
  return error(Code.NotFound, `there is no ${what}`);
}

function error(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
