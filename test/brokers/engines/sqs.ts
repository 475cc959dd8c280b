/**
 * The SQS of moto, which checks users and signatures: `pip install 'moto[server]'`. It has its queues in memory alone, so that it cannot be killed:
 * it stands still instead.
 */
import { join } from "node:path";
import { AwsV4Signer } from "aws4fetch";
import type { Subprocess } from "bun";
import { freePort } from "../../support/free-port.ts";
import {
  brokerPassword,
  brokerUser,
  type StartOptions,
  startServer,
  type TestBroker,
  untilDone,
} from "./test-broker.ts";
import { createTestTls, tlsMembers } from "./test-tls.ts";

/** Calls that are not checked: those that make the users. To check takes long, so that it ends where there are many messages. */
const unchecked = { atFirst: 6, manyMessages: 100, later: 1_000_000_000 };
/** moto answers some ten requests a second, of ten messages each. */
const messagesMost = 1_000;
const account = "123456789012";
const batchMax = 10;
const atOnce = 4;
const stillMs = 2_000;
const region = "us-east-1";

interface Queue {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** @param queue a FIFO queue where its name ends with `.fifo` */
export async function startSqs(
  directory: string,
  { tls: wantsTls = false }: StartOptions = {},
  queue: Queue = { name: "events" },
): Promise<TestBroker> {
  const port = await freePort();
  const tls = wantsTls ? createTestTls(directory) : undefined;
  const endpoint = tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
  const secure = tls && { tls: { ca: tls.ca } };
  const secureFlags = tls ? ["-s", "-c", tls.files.cert, "-k", tls.files.key] : [];
  const server: Subprocess = await startServer(
    ["moto_server", "-H", "127.0.0.1", "-p", String(port), ...secureFlags],
    {
      env: { INITIAL_NO_AUTH_ACTION_COUNT: String(unchecked.atFirst) },
      log: join(directory, "moto.log"),
      ready: () => fetch(`${endpoint}/moto-api/`, secure),
    },
  );
  const iam = createIam(endpoint, secure);
  const own = await iam.makeUser("tester");
  /** Of Mars, by what the tests call its password. */
  const keys = new Map([[brokerPassword, await iam.makeUser(brokerUser)]]);
  let password = brokerPassword;
  const call = async <Answer>(action: string, input: object): Promise<Answer> => {
    const text = await signed(endpoint, own, "sqs", secure, {
      headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${action}` },
      body: JSON.stringify(input),
    });
    return JSON.parse(text || "{}") as Answer;
  };
  const urlOf = (name: string) => `${endpoint}/${account}/${name}`;
  const fifo = queue.name.endsWith(".fifo");
  const send = (messages: Parameters<TestBroker["publish"]>[0]) =>
    untilDone(() =>
      call("SendMessageBatch", {
        QueueUrl: urlOf(queue.name),
        Entries: messages.map(({ id, body, headers = {} }, at) => ({
          Id: String(at),
          MessageBody: typeof body === "string" ? body : Buffer.from(body).toString("latin1"),
          MessageAttributes: Object.fromEntries(
            Object.entries(headers).map(([name, value]) => [
              name,
              { DataType: "String", StringValue: value },
            ]),
          ),
          ...(fifo && { MessageGroupId: `group-${at}`, MessageDeduplicationId: id }),
        })),
      }),
    );
  const down = async () => server.kill("SIGSTOP");
  const up = async () => server.kill("SIGCONT");
  return {
    engine: fifo ? "sqs-fifo" : "sqs",
    messagesMost,
    repeats: true,
    anyClient: true,
    async prepare() {
      for (const { name, attributes = {} } of [queue, { name: "dead" }])
        await call("CreateQueue", { QueueName: name, Attributes: attributes });
    },
    async publish(messages) {
      if (messages.length > unchecked.manyMessages)
        await fetch(`${endpoint}/moto-api/reset-auth`, {
          method: "POST",
          body: String(unchecked.later),
          ...secure,
        });
      const batches = [];
      for (let at = 0; at < messages.length; at += batchMax) batches.push(messages.slice(at, at + batchMax));
      for (let at = 0; at < batches.length; at += atOnce)
        await Promise.all(batches.slice(at, at + atOnce).map(send));
    },
    url({ password: named = brokerPassword, deadLetter = false, tls: urlTls } = {}) {
      const members = new URLSearchParams({
        ...{ region, visibility: "30" },
        ...(deadLetter && { dead_letter: "dead" }),
        ...(tls && urlTls && tlsMembers(tls, urlTls)),
      });
      const { keyId, secret } = keys.get(named) ?? { ...required(keys.get(password)), secret: named };
      const scheme = urlTls === undefined ? "sqs+http" : "sqs";
      const place = `${urlTls?.host ?? "127.0.0.1"}:${port}/${account}/${queue.name}`;
      return `${scheme}://${keyId}:${encodeURIComponent(secret)}@${place}?${members}`;
    },
    sink: {
      url: `sqs+http://${own.keyId}:${encodeURIComponent(own.secret)}@127.0.0.1:${port}/${account}/dead?region=${region}`,
    },
    async setPassword(named) {
      const { keyId } = required(keys.get(password));
      keys.set(named, await iam.makeKey(brokerUser, own));
      await iam.deleteKey(brokerUser, keyId, own);
      password = named;
    },
    down,
    up,
    async kill() {
      await down();
      await Bun.sleep(stillMs);
      await up();
    },
    async deadLetters() {
      interface Received {
        readonly Body: string;
        readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue: string }>>;
      }
      const { Messages: messages = [] } = await call<{ Messages?: Received[] }>("ReceiveMessage", {
        QueueUrl: urlOf("dead"),
        MaxNumberOfMessages: batchMax,
        MessageAttributeNames: ["All"],
      });
      return messages.map(({ Body, MessageAttributes }) => ({
        id: MessageAttributes?.["mars-id"]?.StringValue ?? "",
        body: Body,
        reason: MessageAttributes?.["mars-reason"]?.StringValue ?? "",
      }));
    },
    async stop() {
      server.kill("SIGKILL");
      await server.exited;
    },
  };
}

interface AccessKey {
  readonly keyId: string;
  readonly secret: string;
}

type Secure = { readonly tls: { readonly ca: string } } | undefined;

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("no such key");
  return value;
}

/** @returns the answer's text */
async function signed(
  endpoint: string,
  { keyId, secret }: AccessKey,
  service: string,
  secure: Secure,
  request: { readonly headers: Record<string, string>; readonly body: string },
): Promise<string> {
  const signer = new AwsV4Signer({
    ...{ method: "POST", url: `${endpoint}/`, accessKeyId: keyId, secretAccessKey: secret, service, region },
    ...request,
  });
  const { method, headers } = await signer.sign();
  const answer = await fetch(`${endpoint}/`, { method, headers, body: request.body, ...secure });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${service}: ${answer.status} ${text}`);
  return text;
}

/** Users who may do everything, and their keys. */
function createIam(endpoint: string, secure: Secure) {
  const form = (action: string, user: string, more: Record<string, string>) =>
    new URLSearchParams({ Action: action, Version: "2010-05-08", UserName: user, ...more });
  /** Of those calls that are not checked. */
  const ask = async (action: string, user: string, more: Record<string, string> = {}) => {
    const answer = await fetch(`${endpoint}/`, {
      method: "POST",
      // moto knows the service by it.
      headers: { authorization: `AWS4-HMAC-SHA256 Credential=none/20270101/${region}/iam/aws4_request` },
      body: form(action, user, more),
      ...secure,
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${action}: ${answer.status} ${text}`);
    return text;
  };
  const askAs = (key: AccessKey, action: string, user: string, more: Record<string, string> = {}) =>
    signed(endpoint, key, "iam", secure, {
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: String(form(action, user, more)),
    });
  return {
    async makeUser(user: string): Promise<AccessKey> {
      await ask("CreateUser", user);
      const statement = { Effect: "Allow", Action: "*", Resource: "*" };
      await ask("PutUserPolicy", user, {
        PolicyName: "all",
        PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
      });
      return keyOf(await ask("CreateAccessKey", user));
    },
    async makeKey(user: string, as: AccessKey): Promise<AccessKey> {
      return keyOf(await askAs(as, "CreateAccessKey", user));
    },
    async deleteKey(user: string, keyId: string, as: AccessKey): Promise<void> {
      await askAs(as, "DeleteAccessKey", user, { AccessKeyId: keyId });
    },
  };
}

function keyOf(made: string): AccessKey {
  const field = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(made)?.[1] ?? "";
  return { keyId: field("AccessKeyId"), secret: field("SecretAccessKey") };
}
