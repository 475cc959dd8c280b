/** OTLP over native gRPC: the `Export` of logs and of traces, in protobuf. */
import type { DescMethodUnary } from "@bufbuild/protobuf";
import type { Caller } from "../../core/caller.ts";
import { otlpBodyBytesMax } from "../../core/limits.ts";
import type { DoorName } from "../doors.ts";
import type { UnaryMethod } from "../rpc/grpc-unary.ts";
import { collectRecords, type OtlpParts } from "./collect.ts";
import { readOtlpProto } from "./read-proto.ts";
import { Reading } from "./reading.ts";
import { otlpServices, type Signal, signals } from "./signals.ts";

/** The methods, for the lean path of the gRPC port. */
export function otlpMethods(
  parts: OtlpParts,
): readonly UnaryMethod<DescMethodUnary["input"], DescMethodUnary["output"]>[] {
  return signals.map((signal) => {
    const { input, output, name, parent } = signal.method;
    return {
      ...{ input, output, name, parent },
      bytesMax: otlpBodyBytesMax,
      door: "otlp",
      // A message without bytes is a request without records.
      call: async () => ({}),
      inPieces: { bytesMin: 1, decode: (message, caller) => exported(parts, signal, message, caller) },
    };
  });
}

/** The door that a call of the gRPC port is counted by. */
export function doorOfCall(path: string): DoorName {
  return otlpServices.some(({ typeName }) => path.startsWith(`/${typeName}/`)) ? "otlp" : "grpc";
}

async function exported(parts: OtlpParts, signal: Signal, message: Uint8Array, caller: Caller) {
  const { identity } = caller;
  const reading = new Reading({ identity, mapping: parts.formats, turns: parts.intake.turns });
  await readOtlpProto(message, signal, reading);
  const { typeName } = signal.method.parent;
  return async () => {
    const options = { action: `${typeName}/${signal.method.name}`, requestId: undefined };
    const { rejected, message: text } = await collectRecords(parts, reading.batch, caller, options);
    if (text === "") return {};
    return { partialSuccess: { [signal.names.rejected]: BigInt(rejected), errorMessage: text } };
  };
}
