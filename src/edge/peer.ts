/**
 * The peer of a request, a socket or a session, by its address. A host commands a whole /64 of IPv6, so that is one
 * peer; of the loopback every address is one. Behind a proxy all clients are one peer, and have one share together.
 */
import type { Peer } from "../core/caller.ts";

/** Where a runtime does not know the other end: a connection that has gone meanwhile, a Unix socket. */
export const unknownPeer: Peer = { name: "unknown", connection: "unknown" };

/** @param address as the runtime has it: IPv4, IPv6, or IPv4 as IPv6 writes it */
export function peerOf(address: string | undefined, port: number | undefined): Peer {
  if (address === undefined || address === "") return unknownPeer;
  const name = peerName(address);
  return { name, connection: `${name}:${port ?? 0}` };
}

function peerName(address: string): string {
  if (!address.includes(":")) return address;
  const [plain = ""] = address.toLowerCase().split("%");
  const v4 = /^::(?:ffff:)?(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (v4 !== undefined) return v4;
  if (plain === "::1") return plain;
  return `${networkOf(plain).join(":")}::/64`;
}

/** The first four of the eight 16-bit fields, without leading zeros. */
function networkOf(address: string): string[] {
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const fields = [...before, ...new Array<string>(zeros).fill("0"), ...after];
  return fields.slice(0, 4).map((field) => field.replace(/^0+(?=.)/, ""));
}
