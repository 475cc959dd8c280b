/**
 * Port 4000 on Deno: HTTP/1.1 and HTTP/2, in cleartext or with TLS, and the upgrade to WebSocket. `denoLimits` lists
 * what Deno has no means for; it is logged at the start.
 */
import { within } from "../../runtime/delay.ts";
import { peerOf } from "../peer.ts";
import { type RuntimeBindings, rawPath } from "../rest/router.ts";
import type { Socket } from "../ws/socket.ts";
import { type Acceptance, notAHandshake } from "../ws/sockets.ts";
import type { Front } from "./front.ts";
import { lingerMsMax, type StartHttpServer } from "./http-server.ts";

/** The bounds that Bun has and Deno lacks, a sentence each. */
export const denoLimits: readonly string[] = [
  "connections have no idle timeout: put a proxy in front that has one",
  "a WebSocket frame is taken into memory before its size is looked at",
  "the thread that answers waits for each write to the journal",
  "a changed certificate is served after a restart only, and clients' certificates are not verified",
];

/** The part of Deno's interface that is used here; this project does not have Deno's own types. */
declare const Deno: {
  serve(
    options: {
      readonly hostname: string;
      readonly port: number;
      readonly cert?: string;
      readonly key?: string;
      readonly signal: AbortSignal;
      onListen(): void;
      onError(error: unknown): Response;
    },
    handler: (request: Request, info: { readonly remoteAddr: Address }) => Response | Promise<Response>,
  ): { readonly addr: Address; shutdown(): Promise<void>; readonly finished: Promise<void> };
  upgradeWebSocket(
    request: Request,
    options: { readonly idleTimeout: number; readonly protocol?: string },
  ): { readonly socket: WebSocket; readonly response: Response };
};

interface Address {
  readonly hostname: string;
  readonly port: number;
}

/** Deno says nothing when a socket's buffer has room again. */
const drainPollMs = 20;
/** Seconds. Deno pings, so only a client that is gone meets this bound. */
const socketIdleTimeout = 60;

export const startDenoServer: StartHttpServer = (front, sockets, { budget, host, port, tls }) => {
  if (tls?.clientCa !== undefined) {
    throw new Error(
      "on Deno clients' certificates are not verified: run the binary, or unset MARS_TLS_CLIENT_CA",
    );
  }
  const closing = new AbortController();
  const peers = new WeakMap<Request, Address>();
  const peerOfRequest = (request: Request) => {
    const end = peers.get(request);
    return peerOf(end?.hostname, end?.port);
  };
  const runtime: RuntimeBindings = { budget, peer: peerOfRequest };
  const answer = (request: Request): Response | Promise<Response> => {
    const host = request.headers.get("host") ?? new URL(request.url).host;
    if (sockets.paths.has(rawPath(request))) {
      const acceptance = front.accept(request, host, peerOfRequest(request));
      if (acceptance instanceof Response) return acceptance;
      return upgrade(request, acceptance, sockets.frameBytesMax, front);
    }
    // As a GET, of whose answer Deno sends all but the body: so the head is that of the GET.
    if (request.method === "HEAD") {
      const peer = () => peerOfRequest(request);
      return front.answer(new Request(request, { method: "GET" }), host, { head: true, peer });
    }
    return front.answer(request, host, runtime);
  };
  const server = Deno.serve(
    {
      hostname: host,
      port,
      ...(tls !== undefined && { cert: tls.cert, key: tls.key }),
      signal: closing.signal,
      onListen: () => undefined,
      onError: () => new Response(null, { status: 500 }),
    },
    (request, { remoteAddr }) => {
      peers.set(request, remoteAddr);
      return answer(request);
    },
  );
  let stopped: Promise<void> | undefined;

  async function stop(timeoutMs: number): Promise<void> {
    const ended = await within(Math.min(timeoutMs, lingerMsMax), server.shutdown());
    // Deno throws when a server is aborted that has ended.
    if (!ended) closing.abort();
    await server.finished;
  }

  return {
    port: server.addr.port,
    setTls() {
      throw new Error("Deno takes a changed certificate at the next start only: restart Mars");
    },
    stop: (timeoutMs) => (stopped ??= stop(timeoutMs)),
  };
};

function upgrade(
  request: Request,
  acceptance: Acceptance,
  frameBytesMax: number,
  front: Pick<Front, "finish">,
): Response {
  let upgraded: ReturnType<typeof Deno.upgradeWebSocket>;
  try {
    const { protocol } = acceptance;
    const chosen = protocol !== undefined && { protocol };
    upgraded = Deno.upgradeWebSocket(request, { idleTimeout: socketIdleTimeout, ...chosen });
  } catch {
    // The handshake is malformed. Deno's message is not for clients.
    acceptance.abandon();
    return front.finish(request, notAHandshake(request));
  }
  const { socket, response } = upgraded;
  socket.binaryType = "arraybuffer";
  const drain = createDrain(socket);
  let opened = false;
  socket.onopen = () => {
    opened = true;
    const handler = acceptance.open(portOf(socket, drain.watch));
    drain.onProgress = handler.drained;
    socket.onmessage = ({ data }: MessageEvent<unknown>) => {
      const text = typeof data === "string" ? data : undefined;
      const length = text?.length ?? (data as ArrayBuffer).byteLength;
      if (length > frameBytesMax) socket.close(1009, "a frame is too large");
      else handler.message(text, length);
    };
    socket.onclose = () => {
      drain.end();
      handler.closed();
    };
  };
  // A socket that fails is closed as well.
  socket.onclose = () => {
    if (!opened) acceptance.abandon();
  };
  return response;
}

function portOf(socket: WebSocket, watch: () => void): Socket {
  const send = (frame: string) => {
    // A closed socket throws until its close event has come.
    if (socket.readyState === WebSocket.OPEN) socket.send(frame);
  };
  return {
    bufferedBytes: () => socket.bufferedAmount,
    send(frame) {
      send(frame);
      watch();
    },
    sendAll(frames) {
      for (const frame of frames) send(frame);
      watch();
    },
    close: (code, reason) => socket.close(code, reason),
  };
}

/** Polls a socket's buffer while bytes wait in it: Deno has no event for a buffer that drains. */
function createDrain(socket: WebSocket) {
  let timer: ReturnType<typeof setInterval> | undefined;
  let before = 0;
  const drain = {
    onProgress: () => {},
    watch() {
      before = socket.bufferedAmount;
      if (timer === undefined && before > 0) timer = setInterval(look, drainPollMs);
    },
    end() {
      clearInterval(timer);
      timer = undefined;
    },
  };
  function look() {
    const now = socket.bufferedAmount;
    if (now < before) drain.onProgress();
    before = socket.bufferedAmount;
    if (before === 0) drain.end();
  }
  return drain;
}
