/** Mars over a real libSQL server that goes away and comes back. */
import { afterEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, type ConnectError } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createClient } from "@libsql/client";
import { RetryInfoSchema } from "../../src/gen/google/rpc/error_details_pb.ts";
import { rpcClients } from "../edge/rpc/clients.ts";
import { startMars } from "../support/mars.ts";
import { getJson, messageUrl, postJson, send, sendBulk, statsWhen } from "../support/rest.ts";
import { makeToken, type Sqld, type SqldOptions, sqldSupported, startSqld } from "../support/sqld.ts";

/** How long the server is paused; `npm run test:remote` takes the 30 s of a real stall. */
const pauseMs = Number(process.env.MARS_TEST_PAUSE_MS ?? 1_500);

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function server(options: Omit<SqldOptions, "dbPath"> = {}): Promise<Sqld> {
  const directory = await mkdtemp(join(tmpdir(), "mars-sqld-"));
  const sqld = await startSqld({ ...options, dbPath: join(directory, "db") });
  cleanups.push(() => rm(directory, { recursive: true, force: true }));
  cleanups.push(async () => {
    await sqld.kill("SIGCONT");
    await sqld.kill();
  });
  return sqld;
}

/** Events of distinct messages, three each. */
function events(run: string, count: number) {
  return Array.from({ length: count }, (_, n) => ({
    app_id: "remote",
    message_id: `${run}-${Math.floor(n / 3)}`,
    event: `STAGE_${n % 3}`,
    created_at: new Date(Date.UTC(2026, 0, 1) + n).toISOString(),
  }));
}

/** Every event that was sent is stored once. */
async function expectStored(url: string, authToken: string, count: number): Promise<void> {
  const client = createClient({ url, authToken });
  const { rows } = await client.execute("SELECT count(*) AS events, sum(duplicates) AS repeats FROM events");
  client.close();
  expect([rows[0]?.events, rows[0]?.repeats]).toEqual([count, 0]);
}

describe.skipIf(!sqldSupported)("a libSQL server", () => {
  for (const protocol of ["httpUrl", "wsUrl"] as const) {
    test(`over ${protocol === "httpUrl" ? "HTTP" : "WebSocket"}: killed while events come in, all of them arrive once`, async () => {
      const sqld = await server();
      await using mars = await startMars({ databaseUrl: sqld[protocol] });
      await sendBulk(mars.url, events("before", 300));
      await statsWhen(mars.url, ({ store }) => store.behind === 0);

      // In the middle of traffic, so that a transaction may be under way.
      const traffic = Array.from({ length: 20 }, (_, n) => sendBulk(mars.url, events(`during${n}`, 300)));
      await sqld.kill();
      await Promise.all(traffic);
      const seq = await send(mars.url, { app_id: "remote", message_id: "while-away", event: "ACCEPTED" });
      await statsWhen(mars.url, ({ store }) => !store.available && store.last_error !== "");
      const reading = await fetch(messageUrl(mars.url, "remote", "while-away"));
      expect(reading.status).toBe(503);
      expect(await getJson(`${mars.url}/status`)).toEqual({ status: "up" });

      await sqld.restart();
      await statsWhen(mars.url, ({ store }) => store.stored_seq >= seq);
      expect(await getJson(messageUrl(mars.url, "remote", "while-away"))).toMatchObject({ event_count: 1 });
      await expectStored(sqld[protocol], "", 300 + 20 * 300 + 1);
    }, 30_000);
  }

  test(
    "paused: what waits is stored once when it goes on",
    async () => {
      const sqld = await server();
      await using mars = await startMars({ databaseUrl: sqld.httpUrl });
      await sendBulk(mars.url, events("before", 300));
      await sqld.kill("SIGSTOP");
      const seq = await sendBulk(mars.url, events("paused", 900));
      await Bun.sleep(pauseMs);
      await sqld.kill("SIGCONT");
      await statsWhen(mars.url, ({ store }) => store.stored_seq >= seq, 30_000);
      await expectStored(sqld.httpUrl, "", 1200);
    },
    pauseMs + 40_000,
  );

  test("a bulk request larger than one parameter may be is stored all the same", async () => {
    const sqld = await server();
    await using mars = await startMars({ databaseUrl: sqld.httpUrl });
    const note = "é".repeat(300);
    const large = events("large", 10_000).map((event) => ({ ...event, attributes: { note } }));
    // One message with all of it, too: it has to be divided as well.
    const one = large.map((event, n) => ({ ...event, message_id: "one", event: `STAGE_${n}` }));
    const url = `${mars.url}/api/event/bulk`;
    for (const batch of [large, one]) {
      for (let start = 0; start < batch.length; start += 5_000) {
        const response = await postJson(url, { events: batch.slice(start, start + 5_000) });
        expect(response.status).toBe(200);
      }
    }
    await statsWhen(mars.url, ({ store }) => store.behind === 0, 30_000);
    await expectStored(sqld.httpUrl, "", 20_000);
  }, 60_000);

  test("away for long: a full journal refuses with a time to retry, and takes events again when it has room", async () => {
    const sqld = await server();
    await using mars = await startMars({ databaseUrl: sqld.httpUrl, journalBytesMax: 100_000 });
    await sendBulk(mars.url, events("before", 30));
    await statsWhen(mars.url, ({ store }) => store.behind === 0);
    await sqld.kill();

    let accepted = 30;
    let response: Response;
    for (let n = 0; ; n++) {
      response = await postJson(`${mars.url}/api/event/bulk`, { events: events(`away${n}`, 300) });
      if (response.status !== 200) break;
      accepted += 300;
    }
    expect(response.status).toBe(429);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await fetch(`${mars.url}/readyz`)).status).toBe(503);
    const { ingest } = rpcClients(createGrpcTransport({ baseUrl: `http://127.0.0.1:${mars.grpcPort}` }));
    const refusal = await ingest
      .collectEvent({ appId: "a", messageId: "m", event: "E" })
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: Code.ResourceExhausted });
    expect((refusal as ConnectError).findDetails(RetryInfoSchema)[0]?.retryDelay?.seconds).toBeGreaterThan(
      0n,
    );

    await sqld.restart();
    await statsWhen(mars.url, ({ store, journal }) => store.behind === 0 && journal.bytes < 100_000);
    await send(mars.url, { app_id: "remote", message_id: "again", event: "ACCEPTED" });
    await statsWhen(mars.url, ({ store }) => store.behind === 0);
    await expectStored(sqld.httpUrl, "", accepted + 1);
  }, 30_000);

  test("away from the start: a Mars that has run before accepts, a new one waits for its sequence", async () => {
    const sqld = await server();
    const first = await startMars({ databaseUrl: sqld.httpUrl });
    await sendBulk(first.url, events("first", 30));
    await statsWhen(first.url, ({ store }) => store.behind === 0);
    await sqld.kill();

    await using again = await first.restart();
    const seq = await send(again.url, { app_id: "remote", message_id: "early", event: "ACCEPTED" });
    // It cannot ask how far the database is, so it leaps.
    expect(seq).toBeGreaterThan(31);
    await using fresh = await startMars({ databaseUrl: sqld.httpUrl });
    expect((await fetch(`${fresh.url}/readyz`)).status).toBe(503);
    await expect(send(fresh.url, { app_id: "remote", message_id: "x", event: "REFUSED" })).rejects.toThrow(
      "503",
    );

    await sqld.restart();
    await statsWhen(again.url, ({ store }) => store.stored_seq >= seq);
    await statsWhen(fresh.url, ({ store }) => store.available);
    expect((await fetch(`${fresh.url}/readyz`)).status).toBe(200);
    await expectStored(sqld.httpUrl, "", 31);
  }, 30_000);

  test("with a token: accepted with it; without it a warning, while events wait", async () => {
    const { publicKeyPem, token } = makeToken();
    const directory = await mkdtemp(join(tmpdir(), "mars-key-"));
    cleanups.push(() => rm(directory, { recursive: true, force: true }));
    await writeFile(join(directory, "key.pem"), publicKeyPem);
    const sqld = await server({ jwtKeyFile: join(directory, "key.pem") });

    const mars = await startMars({ databaseUrl: sqld.httpUrl, databaseAuthToken: token });
    await sendBulk(mars.url, events("token", 30));
    await statsWhen(mars.url, ({ store }) => store.behind === 0);

    const wrong = await mars.restart({ databaseAuthToken: "" });
    const seq = await send(wrong.url, { app_id: "remote", message_id: "waits", event: "ACCEPTED" });
    await statsWhen(wrong.url, ({ store }) => store.last_error.includes("401"));

    await using right = await wrong.restart({ databaseAuthToken: token });
    await statsWhen(right.url, ({ store }) => store.stored_seq >= seq);
    await expectStored(sqld.httpUrl, token, 31);
  }, 30_000);
});
