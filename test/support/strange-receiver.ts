/** A TCP server that answers a request with bytes that no web server would send. */
import { createServer, type Socket } from "node:net";

export interface StrangeReceiver {
  readonly url: string;
  /** Bytes that it could send so far. */
  readonly sent: number;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * @param first sent once, as soon as the request has begun
 * @param rest sent again and again, as fast as it is taken, or each `everyMs`
 */
export async function startStrangeReceiver(
  first: string,
  rest: string = "",
  everyMs?: number,
): Promise<StrangeReceiver> {
  const sockets = new Set<Socket>();
  let sent = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    let timer: ReturnType<typeof setInterval> | undefined;
    socket.on("close", () => {
      sockets.delete(socket);
      clearInterval(timer);
    });
    // The client may close in the middle.
    socket.on("error", () => {});
    socket.once("data", () => {
      const write = (text: string) => {
        sent += text.length;
        return socket.write(text, "latin1");
      };
      write(first);
      if (rest === "") return;
      const flood = rest.repeat(Math.ceil(65_536 / rest.length));
      const pour = () => {
        while (!socket.destroyed && write(flood));
      };
      if (everyMs !== undefined) timer = setInterval(() => write(rest), everyMs);
      else {
        socket.on("drain", pour);
        pour();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/hook`,
    get sent() {
      return sent;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
