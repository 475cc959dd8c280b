/** Receivers that refuse a notification with all that they were sent: by HTTP, and a mail server. */

import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { startReceiver } from "./receiver.ts";

/** What each answers, of the request's head. */
const echoes: Readonly<Record<string, (head: string) => string>> = {
  plain: (head) => head,
  cut: (head) => head.slice(20),
  json: (head) => JSON.stringify({ head }),
  url: (head) => encodeURIComponent(head),
  html: (head) =>
    `<pre>${head.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("'", "&#39;")}</pre>`,
};

export interface EchoReceivers {
  /** Addresses that fail in one way each, by the way. */
  readonly ports: Readonly<Record<string, number>>;
  /** Of a mail server that offers a login and refuses it. */
  readonly smtpPort: number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts one for each way to fail. */
export async function startEchoReceivers(): Promise<EchoReceivers> {
  await using opened = new AsyncDisposableStack();
  const ports: Record<string, number> = {};
  const open = async (onConnect: (socket: Socket) => void) => {
    const server = await listen(onConnect);
    opened.defer(() => new Promise<void>((resolve) => server.close(() => resolve())));
    return (server.address() as AddressInfo).port;
  };
  for (const [way, echo] of Object.entries(echoes)) {
    ports[way] = await open((socket) => onHead(socket, (head) => answer("500 No", "", echo(head))));
  }
  ports.lower = await open((socket) => onHead(socket, (head) => answer("400 No", "", head.toLowerCase())));
  ports.redirect = await open((socket) =>
    onHead(socket, (head) => answer("302 Found", `Location: /?${encodeURIComponent(head)}\r\n`, head)),
  );
  ports.reason = await open((socket) =>
    onHead(socket, (head) => answer(`500 ${head.replaceAll("\r\n", " ")}`, "", "")),
  );
  ports.noise = await open((socket) => onHead(socket, (head) => head));
  ports.closed = await open((socket) => socket.destroy());
  ports.refused = await closedPort();
  const smtpPort = await open(refuseMail);
  const owned = opened.move();
  return { ports, smtpPort, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function listen(onConnect: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    onConnect(socket);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function onHead(socket: Socket, answerTo: (head: string) => string): void {
  let head = "";
  socket.on("data", (bytes) => {
    head += bytes.toString("latin1");
    // A client that speaks TLS.
    if (!head.startsWith("POST")) socket.end("no TLS here\r\n");
    if (head.includes("\r\n\r\n")) socket.end(answerTo(head.slice(0, head.indexOf("\r\n\r\n"))));
  });
}

function answer(status: string, headers: string, body: string): string {
  return `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Refuses every login with all that it was sent. */
function refuseMail(socket: Socket): void {
  const lines: string[] = [];
  socket.write("220 here\r\n");
  socket.on("data", (bytes) => {
    const line = bytes.toString().trim();
    lines.push(line);
    if (line.startsWith("EHLO")) socket.write("250-here\r\n250 AUTH PLAIN LOGIN\r\n");
    else if (line === "AUTH LOGIN") socket.write("334 VXNlcm5hbWU6\r\n");
    else socket.write(`535 5.7.8 no: ${lines.join(" / ")}\r\n`);
  });
}

async function closedPort(): Promise<number> {
  const receiver = startReceiver();
  await receiver[Symbol.asyncDispose]();
  return Number(new URL(receiver.url).port);
}
