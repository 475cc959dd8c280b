/** TLS on both ports: real clients of every protocol, before and after the certificate has changed. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { request as requestHttps } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { failure, rpcClients } from "../edge/rpc/clients.ts";
import {
  type Certificate,
  createCertificate,
  createServerCertificate,
  writePair,
} from "../support/certificates.ts";
import { LiveClient } from "../support/live-client.ts";
import { startMars } from "../support/mars.ts";
import { until } from "../support/until.ts";

const home = mkdtempSync(join(tmpdir(), "mars-tls-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const [first, second] = [createServerCertificate(), createServerCertificate()];
const authority = createCertificate({ name: "authority" });
const client = createCertificate({ name: "billing", issuer: authority });
const stranger = createCertificate({ name: "billing" });
const event = { appId: "shop", messageId: "m", event: "e" };
const nothing = () => undefined;
const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };

function directory(): string {
  return mkdtempSync(join(home, "pair-"));
}

interface Got {
  readonly status: number;
  readonly text: string;
  /** Whether the server announces that it closes the connection. */
  readonly ends: boolean;
}

/** One request by HTTP/1.1 on a connection of its own. */
function get(url: string, ca: Certificate, as?: Certificate): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>();
  const options = {
    ca: ca.cert,
    agent: false as const,
    headers: { connection: "keep-alive" },
    ...(as && { cert: as.cert, key: as.key }),
  };
  const sent = requestHttps(url, options, async (response) => {
    let text = "";
    for await (const chunk of response) text += chunk;
    const { statusCode: status = 0, headers } = response;
    sent.destroy();
    resolve({ status, text, ends: headers.connection === "close" });
  });
  sent.once("error", reject);
  sent.end();
  return promise;
}

/** One request by HTTP/2. */
function getHttp2(url: string, ca: Certificate): Promise<{ status: number; protocol: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; protocol: string }>();
  const session = connectHttp2(url, { ca: ca.cert });
  session.once("error", reject);
  const stream = session.request({ ":path": "/readyz" });
  stream.once("error", reject);
  stream.once("response", (headers) => {
    resolve({ status: Number(headers[":status"]), protocol: String(session.alpnProtocol) });
    session.close();
  });
  stream.resume();
  return promise;
}

/** The certificate that a new connection gets. */
function served(port: number, alpn: string): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const socket = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: [alpn] });
  socket.once("error", reject);
  socket.once("secureConnect", () => {
    resolve(socket.getPeerCertificate().raw);
    socket.destroy();
  });
  return promise;
}

function der({ cert }: Certificate): Buffer {
  return Buffer.from(cert.replace(/-----.*-----|\n/g, ""), "base64");
}

function grpc(port: number, ca: Certificate, as?: Certificate) {
  const certificate = as && { cert: as.cert, key: as.key };
  const nodeOptions = { ca: ca.cert, ...certificate };
  return rpcClients(createGrpcTransport({ baseUrl: `https://127.0.0.1:${port}`, nodeOptions }));
}

test("with a certificate both ports speak TLS, in every protocol, and nothing else", async () => {
  await using mars = await startMars(writePair(directory(), first));
  const { url, httpPort, grpcPort } = mars;
  expect(await get(`${url}/readyz`, first)).toMatchObject({ status: 200 });
  expect(await getHttp2(url, first)).toEqual({ status: 200, protocol: "h2" });
  const { legacy } = grpc(grpcPort, first);
  expect(await legacy.collectEvent(event)).toMatchObject({ success: true });
  const socket = await LiveClient.open({ url }, "/ws", {}, { ca: first.cert });
  socket.send({ type: "ping" });
  expect(await socket.next()).toEqual({ type: "pong" });

  await expect(fetch(`http://127.0.0.1:${httpPort}/readyz`)).rejects.toThrow();
  await failure(
    rpcClients(
      createConnectTransport({ baseUrl: `http://127.0.0.1:${httpPort}`, httpVersion: "2" }),
    ).legacy.collectEvent(event),
  );
  const plain = rpcClients(createGrpcTransport({ baseUrl: `http://127.0.0.1:${grpcPort}` }));
  await failure(plain.legacy.collectEvent(event));
});

describe("a changed certificate", () => {
  test("is served to new connections of both ports, and what is open goes on", async () => {
    const files = directory();
    await using mars = await startMars(writePair(files, first));
    const { url, httpPort, grpcPort } = mars;
    const socket = await LiveClient.open({ url }, "/ws", {}, { ca: first.cert });
    await socket.subscribe("all");
    const stream = await fetch(`${url}/api/stream?topic=all`, { tls: { ca: first.cert } });
    const frames = stream.body?.getReader();
    await frames?.read();
    const before = grpc(grpcPort, first);
    await before.ingest.collectEvent({ ...event, event: "before" });

    writePair(files, second);
    await mars.reload();
    expect(await served(httpPort, "h2")).toEqual(der(second));
    expect(await served(httpPort, "http/1.1")).toEqual(der(second));
    expect(await served(grpcPort, "h2")).toEqual(der(second));
    expect(await getHttp2(url, second)).toEqual({ status: 200, protocol: "h2" });
    // The call goes over the connection that is open, since a new one would be refused by its client.
    await before.ingest.collectEvent({ ...event, event: "after" });
    await grpc(grpcPort, second).ingest.collectEvent({ ...event, event: "new" });
    const events = await socket.events(3);
    expect(events.map((frame) => frame.event.event)).toEqual(["before", "after", "new"]);
    let text = "";
    while (!text.includes('"new"')) text += new TextDecoder().decode((await frames?.read())?.value);
    await frames?.cancel();
  });

  test("lets requests under way have their answers, which announce the end of their connections", async () => {
    const files = directory();
    await using mars = await startMars(writePair(files, first));
    const { seq } = await grpc(mars.grpcPort, first).ingest.collectEvent(event);
    // It waits for the event that comes after the reload.
    const waiting = get(`${mars.url}/api/messages?min_seq=${seq + 1n}`, first);
    const held = async () =>
      JSON.parse((await get(`${mars.url}/api/q/stats`, first)).text).shares.min_seq_waits.held;
    await until(async () => (await held()) === 1);
    writePair(files, second);
    await mars.reload();
    await grpc(mars.grpcPort, second).ingest.collectEvent({ ...event, event: "next" });
    expect(await waiting).toMatchObject({ status: 200, ends: true });
    expect(await get(`${mars.url}/readyz`, second)).toMatchObject({ status: 200, ends: false });
  });

  test("is refused when it cannot be used, with a warning until it can", async () => {
    const files = directory();
    await using mars = await startMars(writePair(files, first), quiet);
    const { url, httpPort, grpcPort } = mars;
    writeFileSync(join(files, "key.pem"), second.key);
    await mars.reload();
    const { text } = await get(`${url}/readyz`, first);
    expect(JSON.parse(text)).toEqual({
      status: "ready",
      warnings: [
        `changed certificate refused: ${files}/key.pem is not the key of the certificate in ${files}/cert.pem`,
      ],
    });
    const stats = JSON.parse((await get(`${url}/api/q/stats`, first)).text);
    expect(stats.tls).toMatchObject({ names: ["localhost", "127.0.0.1"], reloads: 0, failures: 1 });
    expect(await served(httpPort, "h2")).toEqual(der(first));
    expect(await served(grpcPort, "h2")).toEqual(der(first));
    writePair(files, second);
    await mars.reload();
    expect(JSON.parse((await get(`${url}/readyz`, second)).text)).toEqual({ status: "ready" });
  });

  test("is served again and again, and a stop ends the connections of all of them", async () => {
    const files = directory();
    const mars = await startMars(writePair(files, first));
    const sockets: LiveClient[] = [];
    for (const pair of [second, first, second]) {
      sockets.push(
        await LiveClient.open(mars, "/ws", {}, { ca: pair === second ? first.cert : second.cert }),
      );
      writePair(files, pair);
      await mars.reload();
      expect(await served(mars.httpPort, "h2")).toEqual(der(pair));
    }
    await mars[Symbol.asyncDispose]();
    expect((await Promise.all(sockets.map(({ closed }) => closed))).map(({ code }) => code)).toEqual([
      1012, 1012, 1012,
    ]);
    await expect(served(mars.httpPort, "h2")).rejects.toThrow();
  });
});

describe("clients' certificates", () => {
  function startWithClients(tlsClientRequired: boolean, files = directory()) {
    const tlsClientCa = join(files, "ca.pem");
    writeFileSync(tlsClientCa, authority.cert);
    return startMars({ ...writePair(files, first), tlsClientCa, tlsClientRequired });
  }

  test("are not needed unless they are required", async () => {
    await using mars = await startWithClients(false);
    expect(await get(`${mars.url}/readyz`, first)).toMatchObject({ status: 200 });
    for (const as of [undefined, client, stranger]) {
      await grpc(mars.grpcPort, first, as).ingest.collectEvent(event);
    }
  });

  test("are asked for by the handshake of both ports where they are required", async () => {
    const files = directory();
    await using mars = await startWithClients(true, files);
    expect(await get(`${mars.url}/readyz`, first, client)).toMatchObject({ status: 200 });
    await grpc(mars.grpcPort, first, client).ingest.collectEvent(event);
    for (const as of [undefined, stranger]) {
      await expect(get(`${mars.url}/readyz`, first, as)).rejects.toThrow();
      await failure(grpc(mars.grpcPort, first, as).ingest.collectEvent(event));
    }
    const other = createCertificate({ name: "other authority" });
    writeFileSync(join(files, "ca.pem"), other.cert);
    await mars.reload();
    const its = createCertificate({ name: "billing", issuer: other });
    expect(await get(`${mars.url}/readyz`, first, its)).toMatchObject({ status: 200 });
    await grpc(mars.grpcPort, first, its).ingest.collectEvent(event);
    await expect(get(`${mars.url}/readyz`, first, client)).rejects.toThrow();
    await failure(grpc(mars.grpcPort, first, client).ingest.collectEvent(event));
  });
});
