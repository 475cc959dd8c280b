import { expect, test } from "bun:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { RetryInfoSchema } from "../../../src/gen/google/rpc/error_details_pb.ts";
import { startMars } from "../../support/mars.ts";
import { rpcClients, transports } from "./clients.ts";

test("past the journal's limit every protocol says when to try again", async () => {
  await using mars = await startMars({ journalBytesMax: 1 });
  for (const [name, open] of transports) {
    const { ingest, legacy } = rpcClients(open(mars));
    const event = { appId: "a", messageId: "m", event: "e" };
    const calls = [
      () => ingest.collectEvent(event),
      () => ingest.collectEvents({ events: [event] }),
      () => legacy.collectEvent(event),
    ];
    for (const call of calls) {
      const error = ConnectError.from(await refusal(call));
      expect([name, error.code]).toEqual([name, Code.ResourceExhausted]);
      const [info] = error.findDetails(RetryInfoSchema);
      const { seconds = 0n, nanos = 0 } = info?.retryDelay ?? {};
      expect(Number(seconds) * 1e9 + nanos).toBeGreaterThan(0);
    }
  }
});

/** What refuses a call; the first ones may still be taken, for the journal is only known to be full once it is. */
async function refusal(call: () => Promise<unknown>): Promise<unknown> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      await call();
    } catch (error) {
      return error;
    }
  }
  expect.unreachable("nothing was refused");
}
