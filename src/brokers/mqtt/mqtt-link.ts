/** A connection to an MQTT 5 broker: packets in both directions, and the signs of life. https://docs.oasis-open.org/mqtt/mqtt/v5.0/ */
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { generate, type IConnackPacket, type Packet, parser } from "mqtt-packet";
import { type TlsMembers, tlsTexts } from "../tls-texts.ts";
import { reasonOf } from "./mqtt-reason.ts";

const version = { protocolVersion: 5 };
const connectMs = 5_000;
const keepAliveSeconds = 30;
const pingMs = 10_000;
/** Without any byte for so long the broker is lost. */
const silentMs = 25_000;

export interface LinkOptions extends TlsMembers {
  /** `mqtt:` or `mqtts:`, with user and password. */
  readonly url: string;
  readonly clientId: string;
  /** The session starts empty, and is forgotten at the end. */
  readonly clean: boolean;
  readonly sessionSeconds: number;
  /** Messages that the broker sends without being acknowledged. */
  readonly receiveMax: number;
  readonly packetBytesMax: number;
  readonly onPacket: (packet: Packet) => void;
  /** Called once, unless `close` was. */
  readonly onLost: (error: Error) => void;
}

export interface Link {
  readonly connack: IConnackPacket;
  send(packets: readonly Packet[]): void;
  /** Takes no more bytes from the broker until `resume`. */
  pause(): void;
  resume(): void;
  close(): Promise<void>;
}

/** Resolves once the broker has accepted the connection; rejects with its reason else. */
export async function openLink(options: LinkOptions): Promise<Link> {
  const { onPacket, onLost } = options;
  const socket = await open(options);
  const codec = parser(version);
  const accepted = Promise.withResolvers<IConnackPacket>();
  let ended = false;
  let silentSince = performance.now();
  const fail = (error: Error) => {
    if (ended) return;
    ended = true;
    clearInterval(pings);
    socket.destroy();
    accepted.reject(error);
    onLost(error);
  };
  const send = (packets: readonly Packet[]) => {
    if (ended) return;
    socket.cork();
    for (const packet of packets) socket.write(generate(packet, version));
    socket.uncork();
  };
  const pings = setInterval(() => {
    // What is not read is no silence.
    if (socket.isPaused()) silentSince = performance.now();
    if (performance.now() - silentSince > silentMs) fail(new Error("the broker does not answer"));
    else send([{ cmd: "pingreq" }]);
  }, pingMs);
  codec.on("packet", (packet) => {
    if (packet.cmd === "connack") accepted.resolve(packet);
    else if (packet.cmd === "disconnect")
      fail(new Error(`the broker has closed the connection: ${reasonOf(packet.reasonCode ?? 0)}`));
    else onPacket(packet);
  });
  codec.on("error", fail);
  socket.on("data", (bytes: Buffer) => {
    silentSince = performance.now();
    codec.parse(bytes);
  });
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("the broker has closed the connection")));
  send([connectPacket(options)]);
  const timer = setTimeout(() => fail(new Error("the broker does not answer")), connectMs);
  const connack = await accepted.promise.finally(() => clearTimeout(timer));
  const { reasonCode = 0, properties } = connack;
  if (reasonCode !== 0) {
    ended = true;
    clearInterval(pings);
    socket.destroy();
    throw new Error(`the broker refuses the connection: ${properties?.reasonString ?? reasonOf(reasonCode)}`);
  }
  return {
    connack,
    send,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    async close() {
      if (ended) return;
      send([{ cmd: "disconnect", reasonCode: 0 }]);
      ended = true;
      clearInterval(pings);
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.resume();
      socket.end();
      const timer = setTimeout(() => socket.destroy(), 1_000);
      await closed;
      clearTimeout(timer);
    },
  };
}

function connectPacket({
  url,
  clientId,
  clean,
  sessionSeconds,
  receiveMax,
  packetBytesMax,
}: LinkOptions): Packet {
  const { username, password } = new URL(url);
  return {
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 5,
    clean,
    clientId,
    keepalive: keepAliveSeconds,
    ...(username !== "" && { username: decodeURIComponent(username) }),
    ...(password !== "" && { password: Buffer.from(decodeURIComponent(password)) }),
    properties: {
      sessionExpiryInterval: sessionSeconds,
      receiveMaximum: receiveMax,
      maximumPacketSize: packetBytesMax,
    },
  };
}

async function open({ url, ...members }: LinkOptions): Promise<Socket> {
  const { protocol, hostname, port } = new URL(url);
  const tls = tlsTexts(members, protocol === "mqtts:");
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const place = { host, port: Number(port || (tls ? 8883 : 1883)) };
  // A broker of several names looks at it.
  const named = isIP(host) === 0 && { servername: host };
  const socket = tls ? connectTls({ ...place, ...tls, ...named }) : connectTcp(place);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(new Error(`no connection to ${host}:${place.port} in ${connectMs} ms`)),
    connectMs,
  );
  socket.once(tls ? "secureConnect" : "connect", resolve);
  socket.once("error", reject);
  try {
    await promise;
    socket.off("error", reject);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
