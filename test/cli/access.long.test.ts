/** Commands against a Mars that wants keys, and one with a certificate of nobody's. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServerCertificate, writePair } from "../support/certificates.ts";
import { runCommand } from "../support/command.ts";
import { startMars } from "../support/mars.ts";

const home = mkdtempSync(join(tmpdir(), "mars-cli-access-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const run = (args: readonly string[], env: Readonly<Record<string, string>>) =>
  runCommand(args, { cwd: home, env });

test("who can read the data directory makes the first key, and keys have their rights from then on", async () => {
  await using mars = await startMars();
  const local = { MARS_URL: mars.url, MARS_DATA_DIR: mars.dataDir };
  const make = ["keys", "create", "--kind", "ro", "--apps", "shop,shop-*", "--name", "dashboard"];
  const made = await run(make, local);
  expect({ stderr: made.stderr, exitCode: made.exitCode }).toEqual({ stderr: "", exitCode: 0 });
  const { id, token, apps } = JSON.parse(made.stdout);
  expect([token, apps]).toEqual([expect.stringMatching(/^mars_ro_/), ["shop", "shop-*"]]);

  writeFileSync(join(home, "key"), `${token}\n`);
  const remote = { MARS_URL: mars.url };
  const [none, byFile, write, listed] = await Promise.all([
    run(["list"], remote),
    run(["list", "--key-file", "key"], remote),
    run(["alerts", "rules", "delete", "x"], { ...remote, MARS_KEY: token }),
    run(["keys", "list"], local),
  ]);
  expect(none.exitCode).toBe(1);
  expect(none.stderr).toEndWith("(401)\nmars: give a key by MARS_KEY, MARS_KEY_FILE or --key-file\n");
  expect(byFile).toMatchObject({ stderr: "", exitCode: 0 });
  expect(write).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("(403)") });
  expect(JSON.parse(listed.stdout).keys).toMatchObject([{ id, name: "dashboard" }]);

  expect(await run(["keys", "revoke", id], local)).toMatchObject({ exitCode: 0 });
  expect((await run(["list", "--key-file", "key"], remote)).stderr).toEndWith(
    "(401)\nmars: the key is that of --key-file (key)\n",
  );
});

test("the certificate of another Mars needs an authority, which may be one of your own", async () => {
  const pair = writePair(home, createServerCertificate());
  await using mars = await startMars(pair);
  const other = { MARS_URL: `https://localhost:${mars.httpPort}` };
  const [refused, trusted] = await Promise.all([
    run(["apps"], other),
    run(["apps"], { ...other, NODE_EXTRA_CA_CERTS: pair.tlsCert }),
  ]);
  expect(refused).toMatchObject({ stdout: "", exitCode: 1, stderr: expect.stringContaining("self signed") });
  expect(trusted).toMatchObject({ stderr: "", exitCode: 0 });
});
