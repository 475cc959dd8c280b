/** Every bomb at every door that could take it in, in every coding. */
import { connect } from "node:http2";
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib";
import { jsonBombs, protoBombs } from "./bombs.ts";

const large = 8 * 1024 * 1024;
const patienceMs = 120_000;

/** The ports of a Mars. */
export interface Doors {
  readonly url: string;
  readonly grpcPort: number;
}

/** A request that must be refused. Rejects where it is not, or where the fault is given to Mars. */
export interface Bomb {
  readonly name: string;
  explode(doors: Doors): Promise<unknown>;
}

/** All of them, some three hundred. */
export function* everyBomb(): Generator<Bomb> {
  const json = jsonBombs(large);
  const small = jsonBombs(60 * 1024);
  const proto = protoBombs(large);
  for (const [name, body] of Object.entries(json)) {
    for (const [coding, packed] of packings(body, name === "brackets" || name === "keys")) {
      yield http("POST", "/api/event/bulk", "application/json", packed, { name, coding });
      yield http("POST", "/api/event/bulk", "application/x-ndjson", packed, { name, coding });
      yield http("POST", "/api/event", "application/json", packed, { name, coding });
      if (coding === "gzip") {
        yield http("POST", "/mars.v1.IngestService/CollectEvents", "application/json", packed, {
          name,
          coding,
        });
        yield http("PUT", "/api/apps/bomb/lifecycle", "application/json", packed, { name, coding });
      }
    }
  }
  for (const [name, body] of Object.entries(small)) {
    const bomb = { name: `small ${name}` };
    yield http("POST", "/api/event", "application/json", body, bomb);
    yield http("POST", "/api/apps/bomb/lifecycle/dry-run", "application/json", body, bomb);
    yield http("PUT", "/api/alerts/sinks/bomb", "application/json", body.subarray(0, 16_000), bomb);
    yield http("PUT", "/api/alerts/rules/bomb", "application/json", body.subarray(0, 16_000), bomb);
    yield http("POST", "/api/alerts/silences", "application/json", body.subarray(0, 16_000), bomb);
    yield http("POST", "/mars.v1.IngestService/CollectEvent", "application/json", body, bomb);
    yield http(
      "POST",
      "/mars.v1.MessageService/GetMessage",
      "application/json",
      body.subarray(0, 16_000),
      bomb,
    );
    yield query(name, body);
    yield socket("/ws", name, body);
    yield socket("/socket/websocket?vsn=2.0.0", name, body);
  }
  for (const [name, body] of Object.entries(proto)) {
    const packed = gzipSync(body, { level: 1 });
    const path = "/mars.v1.IngestService/CollectEvents";
    yield http("POST", path, "application/proto", body, { name });
    yield http("POST", path, "application/proto", packed, { name, coding: "gzip" });
    yield http("POST", path, "application/grpc-web+proto", framed(body), { name });
    yield http("POST", "/mars.v1.IngestService/CollectEvent", "application/proto", body.subarray(0, 65_000), {
      name,
    });
    yield grpc(path, name, framed(body), {});
    yield grpc(path, `gzip ${name}`, framed(packed, 1), { "grpc-encoding": "gzip" });
    yield grpc("/mars.v1.IngestService/CollectEvent", name, framed(body.subarray(2, 65_000)), {});
    yield grpc("/mars.v1.IngestService/CollectStream", name, framed(body), {});
    yield grpc("/mars.v1.IngestService/CollectStream", `gzip ${name}`, framed(packed, 1), {
      "grpc-encoding": "gzip",
    });
  }
  const nested = json.brackets ?? Buffer.alloc(0);
  yield grpc("/mars.v1.IngestService/CollectEvents", "JSON", framed(nested), {
    "content-type": "application/grpc+json",
  });
}

function packings(body: Buffer, all: boolean): [coding: string | undefined, packed: Buffer][] {
  const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 2 } };
  return [
    ["gzip", gzipSync(body, { level: 1 })],
    ...(all
      ? ([
          [undefined, body],
          ["zstd", zstdCompressSync(body)],
          ["br", brotliCompressSync(body, quick)],
        ] as [string | undefined, Buffer][])
      : []),
  ];
}

function http(
  method: string,
  path: string,
  type: string,
  body: Buffer,
  { name, coding }: { name: string; coding?: string | undefined },
): Bomb {
  const headers = { "content-type": type, ...(coding !== undefined && { "content-encoding": coding }) };
  return {
    name: `${coding ?? "plain"} ${name} (${type}) at ${path}`,
    async explode({ url }) {
      const response = await fetch(url + path, {
        method,
        headers,
        body,
        signal: AbortSignal.timeout(patienceMs),
      });
      const answer = await response.text();
      const good =
        response.status < 400 && !/"accepted":0|grpc/.test(answer) && !type.startsWith("application/grpc");
      if (good || response.status >= 500)
        throw new Error(`${this.name}: ${response.status} ${answer.slice(0, 300)}`);
    },
  };
}

/** A query's message in the address, packed. */
function query(name: string, body: Buffer): Bomb {
  const message = gzipSync(body).toString("base64url").slice(0, 12_000);
  const parameters = `encoding=json&base64=1&compression=gzip&message=${message}`;
  return {
    name: `query ${name}`,
    async explode({ url }) {
      const response = await fetch(`${url}/mars.v1.MessageService/GetMessage?connect=v1&${parameters}`);
      const answer = await response.text();
      if (response.status < 400 || response.status >= 500)
        throw new Error(`${this.name}: ${response.status} ${answer}`);
    },
  };
}

function socket(path: string, name: string, body: Buffer): Bomb {
  return {
    name: `${path} ${name}`,
    explode({ url }) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const client = new WebSocket(url.replace("http", "ws") + path);
      const timer = setTimeout(() => reject(new Error(`${this.name}: no answer`)), patienceMs);
      client.onopen = () => client.send(body.toString());
      client.onmessage = () => client.close();
      client.onclose = resolve;
      return promise.finally(() => clearTimeout(timer));
    },
  };
}

function grpc(path: string, name: string, body: Buffer, headers: Record<string, string>): Bomb {
  return {
    name: `gRPC ${name} at ${path}`,
    explode({ grpcPort }) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const session = connect(`http://127.0.0.1:${grpcPort}`);
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        ...headers,
      });
      const timer = setTimeout(() => reject(new Error(`${this.name}: no answer`)), patienceMs);
      session.on("error", resolve);
      stream.on("error", resolve);
      stream.on("trailers", (trailers) => {
        if (trailers["grpc-status"] === "13") reject(new Error(`${this.name}: ${trailers["grpc-message"]}`));
      });
      stream.on("close", resolve);
      stream.resume();
      stream.end(body);
      return promise.finally(() => {
        clearTimeout(timer);
        session.destroy();
      });
    },
  };
}

function framed(message: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([head, message]);
}
