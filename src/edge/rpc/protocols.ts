/** Which protocols a port speaks. */
import type { ConnectRouterOptions } from "@connectrpc/connect";

/** Connect speaks all that are not switched off, so each is named. */
export type Protocols = Required<Pick<ConnectRouterOptions, "grpc" | "grpcWeb" | "connect">>;
