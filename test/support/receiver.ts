/** A real HTTP server that receives alerts, and gives any answer. */
import type { Server } from "bun";
import { until } from "./until.ts";

export interface Received {
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** Resolves when so many requests have come; rejects after a while. */
  count(count: number): Promise<readonly Received[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param answer what to say to the request that has this place, from 0 on */
export function startReceiver(
  answer: (index: number) => Response | Promise<Response> = () => new Response("ok"),
  port = 0,
): Receiver {
  const received: Received[] = [];
  const server: Server<undefined> = Bun.serve({
    hostname: "127.0.0.1",
    port,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      received.push({
        path: pathname + search,
        headers: Object.fromEntries(request.headers),
        body: await request.text(),
      });
      return answer(received.length - 1);
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/hook`,
    received,
    async count(count) {
      await until(
        () => received.length >= count,
        () => `${received.length} of ${count} requests came`,
      );
      return received;
    },
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}
