/** A real name server over UDP, whose answers a test changes. https://www.rfc-editor.org/rfc/rfc1035 */
import { createSocket, type RemoteInfo } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { isIPv4 } from "node:net";
import ipaddr from "ipaddr.js";

const typeA = 1;
const typeAaaa = 28;
const nameNotFound = 3;
/** Where the question's name is, as a pointer to it. */
const questionName = 0xc00c;

export interface DnsServer {
  /** Every question, as `A moves.test`. */
  readonly asked: readonly string[];
  /** Looks a name up here, and nowhere else. */
  lookUp(host: string): Promise<string[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param answer the addresses of a name; none: there is no such name; `undefined`: no answer comes */
export async function startDnsServer(
  answer: (name: string) => readonly string[] | undefined,
): Promise<DnsServer> {
  const asked: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (question: Buffer, { address, port }: RemoteInfo) => {
    const { name, type, end } = questionOf(question);
    asked.push(`${type === typeA ? "A" : "AAAA"} ${name}`);
    const found = answer(name);
    if (found !== undefined) socket.send(reply(question.subarray(0, end), type, found), port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    asked,
    async lookUp(host) {
      // One for each look-up: a resolver remembers which names have no address.
      const resolver = new Resolver({ timeout: 500, tries: 1 });
      resolver.setServers([`127.0.0.1:${socket.address().port}`]);
      const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
      return found.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
    },
  };
}

function questionOf(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), type: message.readUInt16BE(at + 1), end: at + 5 };
}

function reply(question: Buffer, type: number, found: readonly string[]): Buffer {
  const ofType = found.filter((address) => isIPv4(address) === (type === typeA) && type <= typeAaaa);
  const head = Buffer.from(question);
  // An answer, of a server that knows; then how many questions, answers, and other records.
  head.writeUInt16BE(0x8580 | (found.length === 0 ? nameNotFound : 0), 2);
  for (const [index, count] of [1, ofType.length, 0, 0].entries()) head.writeUInt16BE(count, 4 + index * 2);
  return Buffer.concat([head, ...ofType.map((address) => recordOf(type, address))]);
}

/** Of class IN, to be kept for no time at all. */
function recordOf(type: number, address: string): Buffer {
  const bytes = ipaddr.parse(address).toByteArray();
  const head = Buffer.alloc(12);
  head.writeUInt16BE(questionName, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(bytes.length, 10);
  return Buffer.concat([head, Buffer.from(bytes)]);
}
