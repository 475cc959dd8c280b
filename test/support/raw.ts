/** A TCP client that sends the bytes it is given, for what no HTTP client would send. */
import { connect } from "node:net";

export interface RawOptions {
  /** Sent one by one, each with a turn of the event loop of its own. */
  readonly parts: readonly string[];
  /** Ends the sending half with the last of them, as `nc -N` does. */
  readonly halfClose?: boolean;
  /** Between parts. */
  readonly pauseMs?: number;
  /** Ends the wait for what the server sends. */
  readonly until?: (text: string) => boolean;
  readonly timeoutMs?: number;
}

export interface RawAnswer {
  /** All that came, as Latin-1. */
  readonly text: string;
  /** The status codes of the answers in it. */
  readonly statuses: readonly number[];
  /** Whether the server has closed. */
  readonly closed: boolean;
}

/** Resolves when the server closes, `until` holds, or the time is up; the connection is gone then. */
export function sendRaw(port: number, options: RawOptions): Promise<RawAnswer> {
  const { parts, halfClose = false, pauseMs = 0, until = () => false, timeoutMs = 5_000 } = options;
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    let text = "";
    const finish = (closed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code]) => Number(code));
      resolve({ text, statuses, closed });
    };
    const timer = setTimeout(() => finish(false), timeoutMs);
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      if (until(text)) finish(false);
    });
    socket.on("end", () => finish(true));
    // A reset ends it as an end does.
    socket.on("error", () => finish(true));
    socket.on("connect", async () => {
      for (const [index, part] of parts.entries()) {
        if (index > 0) await new Promise((next) => setTimeout(next, pauseMs));
        if (halfClose && index === parts.length - 1) socket.end(part, "latin1");
        else socket.write(part, "latin1");
      }
    });
  });
}

/** A request by HTTP/1.1, after which the server is asked to close. */
export function requestText(line: string, headers: readonly string[], body = "", close = true): string {
  const length = body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const all = [...headers, ...length, ...(close ? ["Connection: close"] : [])];
  return `${line} HTTP/1.1\r\n${all.map((header) => `${header}\r\n`).join("")}\r\n${body}`;
}
