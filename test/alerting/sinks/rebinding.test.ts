/** Names that change their addresses, and receivers that send elsewhere: only what was checked is called, at every attempt. */

import { describe, expect, test } from "bun:test";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:tls";
import { fileURLToPath } from "node:url";
import type { Notification } from "../../../src/alerting/notification.ts";
import type { AlertSink } from "../../../src/alerting/sink.ts";
import { createSender } from "../../../src/alerting/sinks/sender.ts";
import { Targets } from "../../../src/alerting/sinks/target.ts";
import { makeSecret } from "../../../src/alerting/sinks/webhook.ts";
import { PublisherPool } from "../../../src/brokers/publisher-pool.ts";
import { startAlerting } from "../../support/alerting.ts";
import { createServerCertificate } from "../../support/certificates.ts";
import { startDnsServer } from "../../support/dns-server.ts";
import { startReceiver } from "../../support/receiver.ts";

const noTopic = { publish: async () => {}, announce: () => {} };

const notification: Notification = { type: "test", at: 0, text: "a test" };

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Sends to a sink, by names that are looked up by `lookUp`. */
async function send(sink: Partial<AlertSink>, targets: Targets) {
  const sender = createSender({
    topic: noTopic,
    brokers: new PublisherPool(),
    targets,
    mailer: undefined,
    timeoutMs: 2_000,
    version: "test",
  });
  const outgoing = { sink: { id: "s", ...sink } as AlertSink, webhookId: "msg_1", notification };
  return (await sender(outgoing, new AbortController().signal)).attempt;
}

const withPort = (url: string, host: string) => url.replace("127.0.0.1", host);

describe("a name that moves", () => {
  for (const type of ["webhook", "slack"] as const) {
    test(`to an address that is not allowed is refused at the next attempt: ${type}`, async () => {
      await using receiver = startReceiver();
      let address = "127.0.0.1";
      await using dns = await startDnsServer(() => [address]);
      // Stands for a public address: the only one of this test at which a receiver can be.
      const targets = new Targets(["127.0.0.1"], dns);
      const url = withPort(receiver.url, "moves.test");
      const sink = { type, url, ...(type === "webhook" && { secret: makeSecret() }) };
      expect(await send(sink, targets)).toMatchObject({ outcome: "delivered", error: "" });
      for (address of ["127.0.0.2", "10.0.0.1", "169.254.169.254", "0.0.0.0", "::1", "::ffff:10.0.0.1"]) {
        const { outcome, error } = await send(sink, targets);
        expect([outcome, error]).toEqual([
          "failed",
          "url must not lead to moves.test, which is not public: the operator allows addresses by MARS_ALERT_ALLOW",
        ]);
      }
      expect(receiver.received).toHaveLength(1);
      expect(receiver.received[0]?.headers.host).toBe(new URL(url).host);
    });
  }

  test("between the check and the connection changes nothing: it is looked up once for an attempt", async () => {
    await using receiver = startReceiver();
    let times = 0;
    // The questions for A and AAAA of one look-up; any later one has another answer.
    await using dns = await startDnsServer(() => (times++ < 2 ? ["127.0.0.1"] : ["127.0.0.2"]));
    const targets = new Targets(["127.0.0.1"], dns);
    const sink = { type: "slack", url: withPort(receiver.url, "moves.test") } as const;
    expect((await send(sink, targets)).outcome).toBe("delivered");
    expect(dns.asked.toSorted()).toEqual(["A moves.test", "AAAA moves.test"]);
    expect((await send(sink, targets)).error).toContain("not public");
    expect(dns.asked).toHaveLength(4);
    expect(receiver.received).toHaveLength(1);
  });

  test("between the PUT and the delivery is refused when the delivery is sent, and delivered once it is back", async () => {
    await using receiver = startReceiver();
    let address = "127.0.0.1";
    await using dns = await startDnsServer(() => [address]);
    await using alerting = await startAlerting([withPort(receiver.url, "moves.test")], {
      lookUp: dns.lookUp,
    });
    address = "10.0.0.1";
    await alerting.stick(1);
    await alerting.deliveries(({ deliveries: [one] }) => (one?.attempts.length ?? 0) > 0);
    address = "127.0.0.1";
    const page = await alerting.deliveries(({ deliveries: [one] }) => one?.state === "delivered");
    const attempts = page.deliveries[0]?.attempts ?? [];
    expect(attempts[0]?.error).toStartWith("url must not lead to moves.test");
    expect(attempts.at(-1)?.outcome).toBe("delivered");
    expect(receiver.received).toHaveLength(1);
  });

  test("without an address, or without an answer, fails without naming a server", async () => {
    await using dns = await startDnsServer((name) => (name === "silent.test" ? undefined : []));
    for (const host of ["gone.test", "silent.test"]) {
      const { error } = await send({ type: "slack", url: `http://${host}/` }, new Targets(["*"], dns));
      expect(error).toBe("url must name a host that has an address");
    }
  });
});

describe("over TLS", () => {
  // In a process of its own: which certificates are trusted is set at its start.
  const program = `
    import { post } from "${root}src/alerting/sinks/http-post.ts";
    const targets = { resolve: async () => [{ address: "127.0.0.1", family: 4 }] };
    const [url] = process.argv.slice(-1);
    const sent = post(targets, { url: new URL(url), headers: {}, body: "{}" }, AbortSignal.timeout(5000));
    console.log(await sent.then(({ status }) => status, ({ message }) => message));`;

  /** The certificate is for `localhost` and for 127.0.0.1. */
  test("the name is sent and its certificate is checked, not that of the address", async () => {
    const { cert, key } = createServerCertificate();
    const trusted = join(mkdtempSync(join(tmpdir(), "mars-ca-")), "cert.pem");
    writeFileSync(trusted, cert);
    const [names, hosts]: [string[], string[]] = [[], []];
    await using server = createServer(
      {
        cert,
        key,
        SNICallback: (name, done) => done(null, void names.push(name)),
      },
      (socket) => {
        socket.on("error", () => {});
        socket.once("data", (bytes) => {
          hosts.push(/^host: (.*)$/im.exec(bytes.toString())?.[1]?.trim() ?? "");
          socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
      },
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const call = async (host: string) => {
      const child = Bun.spawn([process.execPath, "-e", program, "--", `https://${host}:${port}/`], {
        env: { ...process.env, NODE_EXTRA_CA_CERTS: trusted },
      });
      return (await new Response(child.stdout).text()).trim();
    };
    expect(await call("localhost")).toBe("200");
    expect(await call("moves.test")).toBe("could not be connected to: ERR_TLS_CERT_ALTNAME_INVALID");
    expect(names).toEqual(["localhost", "moves.test"]);
    expect(hosts).toEqual([`localhost:${port}`]);
  });
});

describe("a name with an address that is not public", () => {
  const answers: (readonly string[])[] = [
    ["127.0.0.1"],
    ["::1"],
    ["::ffff:127.0.0.1"],
    ["::ffff:7f00:1"],
    ["64:ff9b::7f00:1"],
    ["0.0.0.0"],
    ["::"],
    ["169.254.169.254"],
    ["fd00:ec2::254"],
    ["fe80::1"],
    ["93.184.215.14", "127.0.0.1"],
    ["127.0.0.1", "93.184.215.14"],
    ["93.184.215.14", "::1"],
    ["2606:2800:21f::1", "10.0.0.1"],
    ["93.184.215.14", "2606:2800:21f::1", "192.0.2.1"],
  ];
  for (const found of answers) {
    test(`is refused whole: ${found.join(", ")}`, async () => {
      await using dns = await startDnsServer(() => found);
      const asked = new Targets([], dns).resolve(new URL("https://moves.test/"));
      await expect(asked).rejects.toThrow("must not lead to moves.test, which is not public");
    });
  }

  test("is taken where the operator allows the address, or the name", async () => {
    await using dns = await startDnsServer(() => ["93.184.215.14", "10.0.0.1"]);
    for (const allow of ["10.0.0.0/8", "Moves.test", "*"]) {
      const found = await new Targets([allow], dns).resolve(new URL("https://MOVES.test./"));
      expect(found).toEqual([
        { address: "93.184.215.14", family: 4 },
        { address: "10.0.0.1", family: 4 },
      ]);
    }
  });
});

test("an address of this machine is refused, a public one too, unless the operator allows it", async () => {
  await using dns = await startDnsServer(() => ["2606:2800:21f::1"]);
  const own = () => ["127.0.0.1", "93.184.215.14", "2606:2800:21F:0::1", "fe80::1%eth0"];
  for (const url of ["http://93.184.215.14/", "http://[::ffff:5db8:d70e]/", "http://moves.test/"]) {
    const options = { lookUp: dns.lookUp, own };
    await expect(new Targets([], options).resolve(new URL(url))).rejects.toThrow("not public");
    const allowed = new Targets(["93.184.215.14", "2606:2800:21f::/48"], options);
    expect(await allowed.resolve(new URL(url))).toHaveLength(1);
  }
});

describe("a redirect is an answer that failed, and is never followed", () => {
  for (const status of [300, 301, 302, 303, 304, 305, 307, 308]) {
    test(String(status), async () => {
      await using other = startReceiver();
      const headers = {
        location: other.url,
        refresh: `0; url=${other.url}`,
        link: `<${other.url}>; rel=preload`,
      };
      await using receiver = startReceiver(() => new Response(null, { status, headers }));
      const attempt = await send({ type: "slack", url: receiver.url }, new Targets(["127.0.0.1"]));
      expect(attempt).toMatchObject({ outcome: "failed", status, error: `answered ${status}`, response: "" });
      expect(receiver.received).toHaveLength(1);
      expect(other.received).toHaveLength(0);
    });
  }
});
