import { expect, test } from "bun:test";
import { descriptorsMax } from "../../src/app/descriptors.ts";
import { createEdgeShares } from "../../src/edge/edge-shares.ts";

test("connections leave a quarter of the file descriptors to the rest of Mars", () => {
  const shares = createEdgeShares({ descriptors: 256 });
  expect([shares.grpc_connections.max, shares.sockets.max]).toEqual([64, 128]);
  expect(shares.subscriptions.max).toBe(100_000);
});

test("with enough of them the caps are their own", () => {
  const shares = createEdgeShares({ descriptors: 1_000_000 });
  expect([shares.grpc_connections.max, shares.sockets.max]).toEqual([4_096, 20_000]);
});

test("the limit is that of this process, and infinite where the system does not say", () => {
  const text =
    "Limit   Soft Limit   Hard Limit   Units\nMax open files            256                  4096                 files\n";
  expect(descriptorsMax(() => text)).toBe(256);
  expect(descriptorsMax(() => "")).toBe(Number.POSITIVE_INFINITY);
  const unknown = () => {
    throw new Error("no such file");
  };
  expect(descriptorsMax(unknown)).toBe(Number.POSITIVE_INFINITY);
});
