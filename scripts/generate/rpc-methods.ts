/**
 * The module that has the paths of all RPC methods, and the headers that browsers ask about for them: without it every start would load
 * the descriptors of all messages, which takes as long as all else together.
 */
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { cors } from "@connectrpc/connect";
import { createMethodUrl } from "@connectrpc/connect/protocol";
import { isSlow } from "../../src/edge/rpc/operations.ts";
import { rpcMethods } from "../../src/edge/rpc/router.ts";
import type { GeneratedFile } from "./generated-file.ts";

export const rpcMethodsModule: GeneratedFile = {
  path: "src/gen/rpc-methods.ts",
  text() {
    const rows = rpcMethods.map((method) => {
      const path = createMethodUrl("", method);
      // As Connect has it for its handlers.
      const safe = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
      const streams = method.methodKind !== "unary";
      return `  { path: "${path}", safe: ${safe}, streams: ${streams}, slow: ${isSlow(method)} },\n`;
    });
    return `/** Written by npm run generate from proto/ and the table of operations. Edit those. */

export interface RpcMethod {
  /** Such as \`/mars.v1.IngestService/CollectEvent\`. */
  readonly path: string;
  /** Has no side effects: GET will do. */
  readonly safe: boolean;
  /** Answers with a stream, which may be quiet for long. */
  readonly streams: boolean;
  /** May take longer than a connection may be quiet, and has a deadline of its own. */
  readonly slow: boolean;
}

export const rpcMethods: readonly RpcMethod[] = [
${rows.join("")}];

/** Headers of Connect and gRPC-Web that browsers ask about. */
export const rpcHeaders = {
  allowed: ${JSON.stringify(cors.allowedHeaders)},
  exposed: ${JSON.stringify(cors.exposedHeaders)},
} as const;
`;
  },
};
