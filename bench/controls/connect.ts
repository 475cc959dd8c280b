/** The least that a server can do for Connect on Bun's HTTP/2: Connect's handler over `fetch`, and a method that does nothing. */
import { createConnectRouter } from "@connectrpc/connect";
import {
  universalServerRequestFromFetch,
  universalServerResponseToFetch,
} from "@connectrpc/connect/protocol";
import { IngestService } from "../../src/gen/mars/v1/ingest_service_pb.ts";

const router = createConnectRouter({ grpc: false, grpcWeb: false });
router.rpc(IngestService.method.collectEvent, () => ({ seq: 1n }));
const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  http2: true,
  async fetch(request) {
    const handler = handlers.get(new URL(request.url).pathname);
    if (handler === undefined) return new Response(null, { status: 404 });
    const answer = await handler(universalServerRequestFromFetch(request, {}));
    return universalServerResponseToFetch(answer);
  },
});
process.stdout.write(`control is up: http://127.0.0.1:${server.port}\n`);
