/** MCP over the pipes of a process, for the agent that has started it. */
import type { Readable, Writable } from "node:stream";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { createMcpServer, type McpOptions } from "./server.ts";

export interface Pipes {
  readonly input: Readable;
  readonly output: Writable;
}

/** Serves until the agent closes one of the pipes; what is under way for it then is given up. */
export async function serveMcp({ input, output }: Pipes, options: McpOptions): Promise<void> {
  const server = createMcpServer(options);
  const closed = new Promise<void>((resolve) => {
    server.onclose = resolve;
  });
  await server.connect(new StdioServerTransport(input, output));
  const close = () => void server.close();
  for (const [pipe, event] of [
    [input, "end"],
    [input, "close"],
    [output, "error"],
  ] as const) {
    pipe.once(event, close);
  }
  await closed;
}
