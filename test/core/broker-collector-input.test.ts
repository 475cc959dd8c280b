import { expect, test } from "bun:test";
import { type BrokerCollector, brokerCollectorToJson } from "../../src/core/broker-collector.ts";
import { readBrokerCollector } from "../../src/core/broker-collector-input.ts";

function read(given: Readonly<Record<string, unknown>>, before?: Parameters<typeof readBrokerCollector>[2]) {
  const { collector, problems } = readBrokerCollector("orders", given, before);
  return problems === undefined ? collector : problems.map(({ field, message }) => `${field} ${message}`);
}

const url = "nats://mars:p%40ss@nats.example.com:4222";
const full: BrokerCollector = {
  id: "orders",
  engine: "nats" as const,
  url,
  source: { stream: "orders", consumer: "mars" },
  appId: "shop",
};

test("members may be in the query of the URL, beside it, or some here and some there", () => {
  expect(read({ url: `${url}?stream=orders&app_id=shop` })).toEqual(full);
  expect(read({ url, stream: "orders", app_id: "shop" })).toEqual(full);
  expect(read({ url: `${url}?stream=orders`, app_id: "shop" })).toEqual(full);
  expect(read({ url: `${url}?stream=orders`, stream: "others" })).toEqual([
    "stream must be given once: it is in the query of the URL too",
  ]);
});

test("every fault is named, and none has a secret", () => {
  expect(read({})).toEqual(["url is required"]);
  const form =
    "url must be one of nats://, tls://, redis://, rediss://, amqp://, amqps://, kafka://, kafkas://, mqtt://, mqtts://, sqs://, sqs+http:// with a host, of 4096 bytes at most";
  for (const wrong of ["nats.example.com", "http://mars:p%40ss@a", "nats://", `nats://${"a".repeat(4_100)}`])
    expect(read({ url: wrong, stream: "orders" })).toEqual([form]);
  expect(read({ url, straem: "orders", consumer: "a b", tls_ca: "x", app_id: "a".repeat(257) })).toEqual([
    "straem is not known for nats: did you mean stream?",
    "consumer must not have blanks",
    "tls_ca must have certificates in PEM",
    "app_id must be at most 256 bytes, has 257",
    "stream is required",
  ]);
});

test("secrets that come back hidden are kept, for the same user, host and port alone", () => {
  const { collector } = readBrokerCollector("orders", { url, stream: "orders", credentials: "SUSEED" });
  const { id: _, ...shown } = brokerCollectorToJson(collector!);
  expect(JSON.stringify(shown)).not.toMatch(/p%40ss|SUSEED/);
  expect(read(shown, collector)).toEqual(collector);
  expect(read({ ...shown, url: shown.url.replace("4222", "4223") }, collector)).toEqual([
    expect.stringMatching(/^url must be given in full/),
    expect.stringMatching(/^credentials must be given in full/),
  ]);
  expect(read({ ...shown, url: shown.url.replace("mars", "other") }, collector)).toEqual([
    expect.stringMatching(/^url must be given in full/),
  ]);
  const token = readBrokerCollector("orders", { url: "nats://token@a", stream: "orders" }).collector!;
  expect(brokerCollectorToJson(token).url).toBe("nats://(hidden)@a");
  expect(read({ url: "nats://(hidden)@a", stream: "orders" }, token)).toEqual(token);
});

test("a certificate has its key beside it, whose text is shown nowhere and kept where it comes back hidden", () => {
  const tls_cert = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----";
  const tls_key = "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----";
  const { collector } = readBrokerCollector("orders", { url, stream: "orders", tls_cert, tls_key });
  expect(collector).toEqual({ ...full, appId: undefined, tlsCert: tls_cert, tlsKey: tls_key } as never);
  const { id: _, ...shown } = brokerCollectorToJson(collector!);
  expect(JSON.stringify(shown)).not.toContain("SECRET");
  expect(read(shown, collector)).toEqual(collector);
  expect(read({ ...shown, url: shown.url.replace("4222", "4223") }, collector)).toEqual([
    expect.stringMatching(/^url must be given in full/),
    expect.stringMatching(/^tls_key must be given in full/),
  ]);
  expect(read({ url, stream: "orders", tls_cert })).toEqual(["tls_key is required with tls_cert"]);
  expect(read({ url, stream: "orders", tls_key })).toEqual(["tls_cert is required with tls_key"]);
  expect(read({ url, stream: "orders", tls_cert: tls_key, tls_key: tls_cert })).toEqual([
    "tls_cert must have certificates in PEM",
    "tls_key must be a private key in PEM",
  ]);
});

test("members have the values, bounds and paths that their engine gives them", () => {
  expect(read({ url: "kafkas://a", topic: "x", sasl: "SCRAM", tombstones: "drop" })).toEqual([
    "sasl must be one of plain, scram-sha-256, scram-sha-512",
    "tombstones must be one of refuse, ignore",
  ]);
  expect(read({ url: "sqs://sqs.eu-central-1.amazonaws.com", visibility: "29" })).toEqual([
    "visibility must be a whole number from 30 to 43200",
    "url must have a path: sqs://HOST/ACCOUNT/QUEUE",
  ]);
  expect(read({ url: "sqs+http://127.0.0.1:5000/1/orders", visibility: "60" })).toMatchObject({
    url: "sqs+http://127.0.0.1:5000/1/orders",
    source: { visibility: "60" },
  });
  expect(read({ url: "mqtt://a?topic=gates/%2B/%23" })).toMatchObject({ source: { topic: "gates/+/#" } });
});
