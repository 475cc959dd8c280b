/**
 * A key in every place where a client may put one, by right or by mistake, at every door, in requests that succeed, fail and are broken. It is
 * in nothing that Mars writes to its log, at the lowest level, nor in what the runtime writes beside it.
 */
import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { operations } from "../../src/api/operations.ts";
import { openBeside } from "../support/beside.ts";
import { type MarsProcess, spawnMars } from "../support/process.ts";
import { requestText, sendRaw } from "../support/raw.ts";
import { until } from "../support/until.ts";

/** The operator's key, so that requests with it are served. It is not of the form that the log hides by itself. */
const key = "Cq5Vn8Zk2Xw7Jd4Rb9Tf6Hs3Lm1Yp0Gae7Ku";
const sought = [key.slice(0, 12), key.slice(-12), Buffer.from(`:${key}`).toString("base64")];

const asQuery = `token=${key}&key=${key}&access_token=${key}&${key}=1&topic=${key}&app_id=${key}`;
const asHeaders = {
  authorization: `Bearer ${key}`,
  cookie: `mars_session=${key}; __Host-mars=${key}; __Host-mars-login=${key}`,
  "x-api-key": key,
  "proxy-authorization": `Basic ${Buffer.from(`:${key}`).toString("base64")}`,
  referer: `http://127.0.0.1/?token=${key}`,
};
const bodies = [`{"token":"${key}"}`, `{"token":${key}`, `${key}`, `\u0000${key}`];

const paths = [
  ...new Set([
    ...operations.map(({ rest }) => (rest.split(" ")[1] ?? "").replaceAll(/\{\w+\}/g, key)),
    ...operations.map(({ rpc }) => `/${rpc}`),
    ...[
      "/api/event",
      "/api/event/bulk",
      "/api/stream",
      "/api/create_event",
      "/api/test_socket",
      "/search/event",
    ],
    ...[
      "/",
      "/status",
      "/readyz",
      "/openapi.json",
      "/auth/login",
      "/auth/callback",
      "/api/sessions",
      "/ws",
      "/socket/websocket",
      `/${key}`,
      `/%zz${key}`,
    ],
  ]),
];

async function overHttp(mars: MarsProcess): Promise<void> {
  for (const path of paths) {
    const type = path.includes(".v1.") ? "application/proto" : "application/json";
    for (const [index, method] of ["GET", "POST", "PUT", "DELETE", "OPTIONS"].entries()) {
      // Without a query requests get further: to a read that fails.
      for (const query of ["", `?${asQuery}`]) {
        const controller = new AbortController();
        const { body } = await fetch(`${mars.url}${path}${query}`, {
          method,
          headers: { ...asHeaders, "content-type": type },
          ...(method !== "GET" && { body: bodies[index] ?? "" }),
          signal: controller.signal,
        });
        // A stream goes on.
        await body?.cancel();
        controller.abort();
      }
    }
  }
}

async function overSockets(mars: MarsProcess): Promise<void> {
  for (const path of ["/ws", "/socket/websocket"]) {
    for (const query of [asQuery, `vsn=2.0.0&token=${key}`]) {
      const socket = new WebSocket(`${mars.url.replace("http", "ws")}${path}?${query}`, {
        headers: asHeaders,
      });
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.onclose = () => resolve();
      socket.onmessage = () => socket.close();
      socket.onopen = () => {
        socket.send(`["1","1","event_timeline:${key}","phx_join",{"token":"${key}"}]`);
        socket.send(JSON.stringify({ type: "auth", token: key, topic: key }));
        socket.send(key);
      };
      await promise;
    }
  }
}

async function overRaw(mars: MarsProcess): Promise<void> {
  const headers = ["Host: 127.0.0.1", `Authorization: Bearer ${key}`];
  const broken = [
    requestText(`GET /?token=${key}`, [...headers, `Bad Header ${key}`]),
    requestText(`${key} /`, headers),
    requestText("POST /api/event", [...headers, "Transfer-Encoding: chunked", "Trailer: x"], key),
    requestText("POST /api/event", [...headers, "Content-Length: 5", "Content-Length: 6"], key),
    requestText(`GET /ws?token=${key}`, [...headers, "Upgrade: websocket", "Connection: Upgrade"], "", false),
    requestText(`GET /?${key.repeat(2_000)}`, headers),
    `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${key}`,
    `\x16\x03\x01${key}\r\n\r\n`,
  ];
  for (const port of [mars.httpPort, mars.grpcPort]) {
    for (const text of broken) await sendRaw(port, { parts: [text], halfClose: true, timeoutMs: 300 });
  }
}

async function overGrpc(mars: MarsProcess): Promise<void> {
  const session = connect(`http://127.0.0.1:${mars.grpcPort}`);
  session.on("error", () => {});
  const methods = [...operations.map(({ rpc }) => rpc), "mars.v1.IngestService/CollectEvent", `${key}/x`];
  const frames = [
    Buffer.from([0, 0, 0, 0, 0]),
    Buffer.concat([Buffer.from([0, 0, 0, 0, key.length]), Buffer.from(key)]),
    Buffer.concat([Buffer.from([1, 0, 0, 0, key.length]), Buffer.from(key)]),
    Buffer.from(key),
  ];
  const call = (path: string, more: Record<string, string>, frame: Buffer) =>
    new Promise<void>((resolve) => {
      const stream = session.request({ ":method": "POST", ":path": path, ...asHeaders, ...more });
      stream.on("error", () => {});
      stream.on("close", () => resolve());
      stream.resume();
      stream.end(frame);
    });
  for (const method of methods) {
    for (const frame of frames)
      await call(`/${method}`, { "content-type": "application/grpc", te: "trailers" }, frame);
  }
  await call(
    `/mars.v1.MessageService/GetMessage?${asQuery}`,
    { "content-type": "application/grpc" },
    frames[0]!,
  );
  await call("/mars.v1.MessageService/GetMessage", { "content-type": key, "grpc-timeout": key }, frames[0]!);
  // Reset by the client, so that its errors are logged too.
  const stream = session.request({
    ":method": "POST",
    ":path": "/mars.v1.IngestService/CollectStream",
    ...asHeaders,
  });
  stream.on("error", () => {});
  stream.write(frames[1]);
  stream.close(2);
  session.destroy();
}

/** Every read fails by our own fault from here on, so that requests are logged with their causes. */
async function breakDatabase(dataDir: string): Promise<void> {
  const client = openBeside({ dataDir });
  for (const table of ["messages", "findings", "alert_sinks", "alert_rules"]) {
    await client.execute(`ALTER TABLE ${table} RENAME TO ${table}_gone`);
  }
  client.close();
}

test("no key that a client sends is in the log", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "mars-test-"));
  const log = join(dataDir, "log");
  const env = { MARS_LOG_LEVEL: "debug", MARS_TEST_ENDPOINTS: "1", MARS_ADMIN_KEY: key };
  const mars = await spawnMars({ dataDir, env, stderr: log });
  try {
    const all = async () => {
      await Promise.all([overHttp(mars), overSockets(mars), overRaw(mars), overGrpc(mars)]);
    };
    await all();
    await breakDatabase(dataDir);
    await all();
    const text = () => Bun.file(log).text();
    let written = "";
    await until(
      async () => {
        written = await text();
        return written.includes("request_failed") && written.includes("grpc connection failed");
      },
      () => written,
    );
    expect(await mars.kill("SIGTERM")).toBe(0);
    written = await text();
    expect(written.split("\n").filter((line) => sought.some((secret) => line.includes(secret)))).toEqual([]);
  } finally {
    await mars.kill("SIGKILL");
    await rm(dataDir, { recursive: true, force: true });
  }
}, 120_000);
