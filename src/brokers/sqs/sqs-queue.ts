/** One queue of Amazon SQS by its JSON protocol. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/ */
import { AwsV4Signer } from "aws4fetch";
import type { AwsEnvironment } from "../../core/aws-environment.ts";
import { type TlsMembers, tlsTexts } from "../tls-texts.ts";
import { createCredentialsSource } from "./aws-credentials.ts";

const requestMs = 10_000;
const regionDefault = "us-east-1";

export interface SqsPlace extends TlsMembers {
  /** `sqs://sqs.eu-central-1.amazonaws.com/123456789012/orders`, with the access key as user and its secret as password where given. */
  readonly url: string;
  readonly source: Readonly<Record<string, string>>;
}

export interface SqsQueue {
  /** The last part of the path. */
  readonly name: string;
  readonly fifo: boolean;
  /** `123456789012/orders`. */
  readonly path: string;
  /** @throws with the service's own code and text */
  call<Answer>(action: string, input: object, timeoutMs?: number): Promise<Answer>;
  /** Another queue: its URL, or its name beside this one. */
  beside(target: string): SqsQueue;
}

export function openQueue({ url, source, ...members }: SqsPlace, environment: AwsEnvironment): SqsQueue {
  const { protocol, host, hostname, pathname, username, password } = new URL(url);
  const tls = tlsTexts(members, protocol === "sqs:");
  const endpoint = `${protocol === "sqs+http:" && tls === undefined ? "http" : "https"}://${host}`;
  const region =
    source.region ??
    /^sqs\.([a-z0-9-]+)\.amazonaws\./.exec(hostname)?.[1] ??
    environment.region ??
    regionDefault;
  const own = username !== "" && {
    accessKeyId: decodeURIComponent(username),
    secretAccessKey: decodeURIComponent(password),
  };
  const credentials = createCredentialsSource(own || environment, region);
  const call = async <Answer>(action: string, input: object, timeoutMs = requestMs): Promise<Answer> => {
    const signer = new AwsV4Signer({
      method: "POST",
      url: `${endpoint}/`,
      headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${action}` },
      body: JSON.stringify(input),
      service: "sqs",
      region,
      ...(await credentials()),
    });
    const { method, headers, body } = await signer.sign();
    const answer = await fetch(`${endpoint}/`, {
      method,
      headers,
      body: body as string,
      ...(tls && { tls }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await answer.text();
    if (!answer.ok) throw failureOf(action, answer.status, text);
    return (text === "" ? {} : JSON.parse(text)) as Answer;
  };
  const queue = (path: string): SqsQueue => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    return {
      name,
      path,
      fifo: name.endsWith(".fifo"),
      call: (action, input, timeoutMs) =>
        call(action, { QueueUrl: `${endpoint}/${path}`, ...input }, timeoutMs),
      beside: (target) =>
        queue(
          URL.canParse(target) ? new URL(target).pathname.slice(1) : path.slice(0, -name.length) + target,
        ),
    };
  };
  return queue(pathname.slice(1));
}

function failureOf(action: string, status: number, text: string): Error {
  try {
    const { __type: type = "", message, Message } = JSON.parse(text) as Readonly<Record<string, string>>;
    return new Error(
      `${action}: ${type.slice(type.lastIndexOf("#") + 1)} ${message ?? Message ?? ""}`.trim(),
    );
  } catch {
    const code = /<Code>([^<]+)<\/Code>/.exec(text)?.[1] ?? "";
    return new Error(`${action}: status ${status} ${code}`.trimEnd());
  }
}
