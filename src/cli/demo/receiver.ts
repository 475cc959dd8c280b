/** The demo's own receiver of notifications: an HTTP server on this machine that prints each in one line. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Notifications of the demo's rules are far smaller. */
const bodyBytesMax = 256 * 1024;

export interface Receiver {
  readonly url: string;
  close(): Promise<void>;
}

/** @param received the text of a notification */
export async function openReceiver(received: (text: string) => void): Promise<Receiver> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (part: string) => {
      body += part;
      if (body.length > bodyBytesMax) request.destroy();
    });
    request.on("end", () => {
      response.end();
      received(textOf(body));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function textOf(body: string): string {
  try {
    const { type, data } = JSON.parse(body);
    return `${type}: ${data.text}`;
  } catch {
    // Another client has found the port.
    return "a request that is no notification";
  }
}
