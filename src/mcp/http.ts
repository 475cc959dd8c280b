/** MCP over streamable HTTP without sessions: each request has a server of its own, and its answer is one JSON. */
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { createMcpServer, type McpOptions } from "./server.ts";

/** @param message the request's body, parsed: one JSON-RPC message */
export async function answerMcp(request: Request, message: unknown, options: McpOptions): Promise<Response> {
  const server = createMcpServer(options);
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  await server.connect(transport);
  const close = () => void server.close();
  // Its client has gone: what is under way for it ends.
  request.signal.addEventListener("abort", close, { once: true });
  try {
    return await transport.handleRequest(request, { parsedBody: message });
  } finally {
    request.signal.removeEventListener("abort", close);
    await server.close();
  }
}
