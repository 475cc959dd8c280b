/** What Connect's own adapter costs: `connectNodeAdapter` on `node:http2`, and a handler that does nothing. */
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { MarsGrpc } from "../../src/gen/event_pb.ts";

const adapter = connectNodeAdapter({
  routes: (router) => router.rpc(MarsGrpc.method.collectEvent, () => ({ success: true })),
});
const server = createServer(adapter);
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`control is up: grpc 127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
