import { expect, test } from "bun:test";
import { peerOf, unknownPeer } from "../../src/edge/peer.ts";

const names: readonly (readonly [address: string, name: string])[] = [
  ["127.0.0.1", "127.0.0.1"],
  ["127.0.0.2", "127.0.0.2"],
  ["::1", "::1"],
  ["::ffff:10.1.2.3", "10.1.2.3"],
  ["::FFFF:10.1.2.3", "10.1.2.3"],
  ["2001:db8:0:7:1:2:3:4", "2001:db8:0:7::/64"],
  ["2001:0db8:0000:0007:ffff::9", "2001:db8:0:7::/64"],
  ["2001:db8::7", "2001:db8:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
];

for (const [address, name] of names) {
  test(`${address} belongs to ${name}`, () => {
    expect(peerOf(address, 4711)).toEqual({ name, connection: `${name}:4711` });
  });
}

test("two connections of one address are one peer with two connections", () => {
  const [one, other] = [peerOf("10.0.0.1", 1), peerOf("10.0.0.1", 2)];
  expect(one.name).toBe(other.name);
  expect(one.connection).not.toBe(other.connection);
});

test("who has no address is the unknown peer", () => {
  expect(peerOf(undefined, undefined)).toBe(unknownPeer);
  expect(peerOf("", 1)).toBe(unknownPeer);
});
