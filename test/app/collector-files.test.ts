import { expect, test } from "bun:test";
import { CollectorFiles, type ReadCollectors } from "../../src/app/collector-files.ts";
import { readCollectors } from "../../src/app/configuration.ts";
import type { EnvironmentCollector } from "../../src/brokers/consumer-host.ts";
import { Supervisor } from "../../src/runtime/supervisor.ts";
import { until } from "../support/until.ts";

const lookMs = 20;

function captured() {
  const lines: { readonly event: string }[] = [];
  const add = (_: string, fields: object = {}) => {
    lines.push(fields as { event: string });
  };
  return { lines, log: { debug: add, info: add, warn: add, error: add } };
}

test("files of collectors are looked at, used once they stay as they are, and kept in use where they break", async () => {
  const files: Record<string, string> = { "/run/url": "nats://mars:one@a?stream=orders" };
  const looks = { count: 0 };
  const read = (): Promise<ReadCollectors> => {
    looks.count += 1;
    return readCollectors({
      argv: [],
      env: { MARS_COLLECT_ORDERS_FILE: "/run/url" },
      readFile(path) {
        const text = files[path];
        if (text === undefined) throw new Error("ENOENT");
        return text;
      },
    });
  };
  const used: string[] = [];
  const host = {
    async setEnvironment(collectors: readonly EnvironmentCollector[]) {
      used.push(collectors.map(({ collector }) => collector.url).join());
    },
  };
  const { log, lines } = captured();
  const followed = new CollectorFiles({ host, supervisor: new Supervisor({ log }), log, lookMs });
  followed.follow((await read()).collectors, read);
  const looked = async (more: number) => {
    const wanted = looks.count + more;
    await until(() => looks.count >= wanted);
  };
  await looked(3);
  expect(used).toEqual(["nats://mars:one@a"]);

  files["/run/url"] = "nats://mars:two@a?stream=orders&credentials_file=/run/creds";
  await until(() => followed.warnings().length === 1);
  expect(followed.warnings()[0]).toContain("MARS_COLLECT_ORDERS credentials_file cannot be read: ENOENT");
  expect(used).toHaveLength(1);
  await looked(3);
  expect(lines.filter(({ event }) => event === "broker_files_refused")).toHaveLength(1);

  files["/run/creds"] = "SUSEED";
  await until(() => used.length === 2);
  expect([used[1], followed.warnings()]).toEqual(["nats://mars:two@a", []]);

  // At once, as at SIGHUP.
  files["/run/url"] = "nats://mars:three@a?stream=orders";
  await followed.look();
  expect(used[2]).toBe("nats://mars:three@a");
  expect(JSON.stringify(lines)).not.toMatch(/two|three|SUSEED/);
  await followed.stop();
  const { count } = looks;
  await Bun.sleep(3 * lookMs);
  expect(looks.count).toBe(count);
});

test("a change that another one follows at once is not used by itself", async () => {
  const answers = ["one", "half", "two", "two"];
  let at = 0;
  const of = (name: string): ReadCollectors => ({
    collectors: [
      { variable: name, collector: { id: name, engine: "nats", url: `nats://${name}`, source: {} } },
    ],
    problems: [],
  });
  const used: string[] = [];
  const host = {
    async setEnvironment(collectors: readonly EnvironmentCollector[]) {
      used.push(collectors.map(({ variable }) => variable).join());
    },
  };
  const { log } = captured();
  const followed = new CollectorFiles({ host, supervisor: new Supervisor({ log }), log, lookMs });
  followed.follow(of("one").collectors, async () => of(answers[Math.min(at++, answers.length - 1)] ?? ""));
  await until(() => used.length === 2);
  expect(used).toEqual(["one", "two"]);
  await followed.stop();
});
