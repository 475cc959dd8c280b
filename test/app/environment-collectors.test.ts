import { expect, test } from "bun:test";
import { readConfiguration } from "../../src/app/configuration.ts";

async function read(env: Record<string, string>, files: Record<string, string> = {}) {
  return readConfiguration({
    argv: [],
    env,
    readFile(path) {
      const text = files[path];
      if (text === undefined) throw new Error("ENOENT");
      return text;
    },
  });
}

const url = "nats://mars:secret@nats.example.com:4222?stream=orders&app_id=shop";

test("each variable is a collector, its URL may be in a file, and nothing shows its secrets", async () => {
  const result = await read(
    { MARS_COLLECT_ORDERS: url, MARS_COLLECT_EU_PAYMENTS_FILE: "/run/eu", MARS_COLLECT_UNSET: "" },
    { "/run/eu": `${url}&credentials_file=/run/creds\n`, "/run/creds": "SUSEED" },
  );
  if (!result.ok) throw new Error(result.problems.join());
  expect(
    result.collectors.map(({ variable, collector }) => [variable, collector.id, collector.credentials]),
  ).toEqual([
    ["MARS_COLLECT_EU_PAYMENTS", "eu_payments", "SUSEED"],
    ["MARS_COLLECT_ORDERS", "orders", undefined],
  ]);
  const shown = result.effective.filter(({ name }) => name.startsWith("MARS_COLLECT_"));
  expect(shown[1]?.value).toBe(
    "nats://mars:(hidden)@nats.example.com:4222?stream=orders&consumer=mars&app_id=shop",
  );
  expect(JSON.stringify(shown)).not.toMatch(/secret|SUSEED/);
});

test("all problems are found at the start, each with its variable and without a secret", async () => {
  const result = await read(
    {
      MARS_COLLECT_A: "nats://mars:secret@a?straem=orders",
      MARS_COLLECT_B_FILE: "/none",
      MARS_COLLECT_C: url,
      MARS_COLLECT_C_FILE: "/run/c",
      MARS_COLLECT_D: `${url}&tls_ca_file=/none`,
      MARS_COLLECT_E: "carrier-pigeon://roof",
    },
    { "/run/c": url },
  );
  if (result.ok) throw new Error("no problem found");
  expect(result.problems).toEqual([
    "MARS_COLLECT_B_FILE cannot be read: ENOENT",
    "MARS_COLLECT_C and MARS_COLLECT_C_FILE are both set: keep one of them",
    "MARS_COLLECT_A straem is not known for nats: did you mean stream?",
    "MARS_COLLECT_A stream is required",
    "MARS_COLLECT_D tls_ca_file cannot be read: ENOENT",
    expect.stringMatching(/^MARS_COLLECT_E must be one of nats:\/\//),
  ]);
});

test("a variable that only looks like one is refused as before", async () => {
  expect(await read({ MARS_COLLECT_: url })).toMatchObject({ ok: false });
  expect(await read({ MARS_COLECT_ORDERS: url })).toMatchObject({ ok: false });
});
