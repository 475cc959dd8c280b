/**
 * The SQS of moto, which checks users and signatures: `pip install 'moto[server]'`. It has its queues in memory alone, so that it cannot be killed:
 * it stands still instead.
 */
import { join } from "node:path";
import { AwsClient } from "aws4fetch";
import type { Subprocess } from "bun";
import { freePort } from "../../support/free-port.ts";
import { startServer, type TestBroker, untilDone } from "./test-broker.ts";

/** Calls that are not checked: those that make the user. To check takes long, so that it ends where there are many messages. */
const unchecked = { atFirst: 3, manyMessages: 100, later: 1_000_000_000 };
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
export async function startSqs(directory: string, queue: Queue = { name: "events" }): Promise<TestBroker> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server: Subprocess = await startServer(["moto_server", "-H", "127.0.0.1", "-p", String(port)], {
    env: { INITIAL_NO_AUTH_ACTION_COUNT: String(unchecked.atFirst) },
    log: join(directory, "moto.log"),
    ready: () => fetch(`${endpoint}/moto-api/`),
  });
  const { keyId, secret } = await makeUser(endpoint);
  const client = new AwsClient({
    accessKeyId: keyId,
    secretAccessKey: secret,
    service: "sqs",
    region,
    retries: 0,
  });
  const call = async <Answer>(action: string, input: object): Promise<Answer> => {
    const answer = await client.fetch(`${endpoint}/`, {
      method: "POST",
      headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${action}` },
      body: JSON.stringify(input),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${action}: ${answer.status} ${text}`);
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
  return {
    engine: fifo ? "sqs-fifo" : "sqs",
    messagesMost,
    repeats: true,
    async prepare() {
      for (const { name, attributes = {} } of [queue, { name: "dead" }])
        await call("CreateQueue", { QueueName: name, Attributes: attributes });
    },
    async publish(messages) {
      if (messages.length > unchecked.manyMessages)
        await fetch(`${endpoint}/moto-api/reset-auth`, { method: "POST", body: String(unchecked.later) });
      const batches = [];
      for (let at = 0; at < messages.length; at += batchMax) batches.push(messages.slice(at, at + batchMax));
      for (let at = 0; at < batches.length; at += atOnce)
        await Promise.all(batches.slice(at, at + atOnce).map(send));
    },
    url({ password, deadLetter = false } = {}) {
      const target = deadLetter ? "&dead_letter=dead" : "";
      const user = `${keyId}:${encodeURIComponent(password ?? secret)}`;
      return `sqs+http://${user}@127.0.0.1:${port}/${account}/${queue.name}?region=${region}&visibility=30${target}`;
    },
    sink: {
      url: `sqs+http://${keyId}:${encodeURIComponent(secret)}@127.0.0.1:${port}/${account}/dead?region=${region}`,
      down: async () => server.kill("SIGSTOP"),
      up: async () => server.kill("SIGCONT"),
    },
    async kill() {
      server.kill("SIGSTOP");
      await Bun.sleep(stillMs);
      server.kill("SIGCONT");
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

/** Who may do everything. */
async function makeUser(endpoint: string): Promise<{ keyId: string; secret: string }> {
  const iam = async (action: string, more: Record<string, string> = {}) => {
    const answer = await fetch(`${endpoint}/`, {
      method: "POST",
      // moto knows the service by it.
      headers: { authorization: `AWS4-HMAC-SHA256 Credential=none/20270101/${region}/iam/aws4_request` },
      body: new URLSearchParams({ Action: action, Version: "2010-05-08", UserName: "mars", ...more }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${action}: ${answer.status} ${text}`);
    return text;
  };
  await iam("CreateUser");
  const statement = { Effect: "Allow", Action: "*", Resource: "*" };
  await iam("PutUserPolicy", {
    PolicyName: "all",
    PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
  });
  const made = await iam("CreateAccessKey");
  const field = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(made)?.[1] ?? "";
  return { keyId: field("AccessKeyId"), secret: field("SecretAccessKey") };
}
