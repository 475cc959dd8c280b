import { expect, test } from "bun:test";
import { createEdgeShares } from "../../src/edge/edge-shares.ts";
import { Requests } from "../../src/edge/requests.ts";
import { callerNamed } from "../support/caller.ts";

test("a thousand requests without a key are under way before their addresses are asked for", () => {
  const { requests: shares } = createEdgeShares();
  const requests = new Requests(shares, false);
  const unasked = {
    identity: callerNamed().identity,
    get peer(): never {
      throw new Error("the address was asked for");
    },
  };
  const places = Array.from({ length: 1_024 }, () => requests.enter(unasked));
  expect(() => requests.enter(unasked)).toThrow("the address was asked for");
  const counted = requests.enter(callerNamed("10.0.0.1"));
  expect(shares.stats.held).toBe(1);
  for (const place of [counted, ...places]) requests.leave(place);
  requests.leave(requests.enter(unasked));
  expect(shares.stats.held).toBe(0);
});

test("a limit of the settings holds for each address from the first request on", async () => {
  const { requests: shares } = createEdgeShares({ limits: { requests: 2 } });
  const requests = new Requests(shares, true);
  const [one, other] = [callerNamed("10.0.0.1"), callerNamed("10.0.0.2")];
  const place = requests.enter(one);
  await requests.during(one, async () => {
    expect(() => requests.enter(one)).toThrow("this caller may have at most 2 requests at one time");
    requests.leave(requests.enter(other));
  });
  requests.leave(requests.enter(one));
  requests.leave(place);
});
