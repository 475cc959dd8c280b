/** Lifecycles over a real libSQL server: the same statements, another driver, and a pause in between. */
import { describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMars } from "../support/mars.ts";
import { getJson, sendBulk } from "../support/rest.ts";
import { sqldSupported, startSqld } from "../support/sqld.ts";

const definition = {
  stages: [
    { event: "CREATED" },
    { event: "PAID", within: "300ms" },
    { event: "SENT", after: "PAID", within: "1h", each: { of: "to", by: "by" } },
  ],
  complete_on: ["SENT"],
  fail_on: ["BOUNCED"],
  grace: "50ms",
};

const attributes: Readonly<Record<string, object>> = { PAID: { to: ["mail"] }, SENT: { by: "mail" } };

interface Found {
  readonly message_id: string;
  readonly kind: string;
}

describe.skipIf(!sqldSupported)("over a libSQL server", () => {
  for (const protocol of ["httpUrl", "wsUrl"] as const) {
    test(`messages are followed, found and counted (${protocol})`, async () => {
      const directory = await mkdtemp(join(tmpdir(), "mars-sqld-"));
      const sqld = await startSqld({ dbPath: join(directory, "db") });
      try {
        await using mars = await startMars({ databaseUrl: sqld[protocol] });
        const put = {
          method: "PUT",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(definition),
        };
        expect((await fetch(`${mars.url}/api/apps/shop/lifecycle`, put)).status).toBe(200);
        const event = (message_id: string, name: string) => ({
          ...{ app_id: "shop", message_id, event: name },
          attributes: { ...attributes[name] },
        });
        const many = Array.from({ length: 300 }, (_, n) =>
          ["CREATED", "PAID", "SENT"].map((name) => event(`m${n}`, name)),
        ).flat();
        await sendBulk(mars.url, [...many, event("failed", "CREATED"), event("failed", "BOUNCED")]);
        // What comes while the server is paused is due before it can be read: no finding may be raised for it.
        await sqld.kill("SIGSTOP");
        const seq = await sendBulk(mars.url, [event("stuck", "CREATED"), event("slow", "CREATED")]);
        await sendBulk(mars.url, [event("slow", "PAID")]);
        await Bun.sleep(700);
        await sqld.kill("SIGCONT");

        const found = async () =>
          (await getJson<{ findings: Found[] }>(`${mars.url}/api/findings?state=any&min_seq=${seq}`))
            .findings;
        let findings = await found();
        for (const end = Date.now() + 15_000; findings.length < 2 && Date.now() < end; )
          findings = await found();
        expect(findings.map(({ message_id, kind }) => `${message_id} ${kind}`).sort()).toEqual([
          "failed failed",
          "stuck missing",
        ]);
        const { apps } = await getJson<{ apps: { messages: object }[] }>(
          `${mars.url}/api/apps?min_seq=${seq}`,
        );
        expect(apps[0]?.messages).toMatchObject({ open: 1, overdue: 1, complete: 300, failed: 1 });
        const slow = await getJson<{ lifecycle: { stages: object[] } }>(
          `${mars.url}/api/apps/shop/messages/slow`,
        );
        const owed = { expected: 1, received: 0, missing: ["mail"] };
        expect(slow.lifecycle.stages[2]).toMatchObject({ stage: "SENT", status: "waiting", owed });
        const latency = await getJson<{ end_to_end: { now: { count: number } } }>(
          `${mars.url}/api/apps/shop/latency?since=1h`,
        );
        expect(latency.end_to_end.now.count).toBe(300);
        const { opened } = await getJson<{ opened: { count: number } }>(
          `${mars.url}/api/apps/shop/funnel?since=1h`,
        );
        expect(opened.count).toBe(303);
      } finally {
        await sqld.kill("SIGCONT");
        await sqld.kill();
        await rm(directory, { recursive: true, force: true });
      }
    });
  }
});
