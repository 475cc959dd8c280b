import { afterEach, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCredentialsSource } from "../../src/brokers/sqs/aws-credentials.ts";
import { readAwsEnvironment } from "../../src/config/aws-environment.ts";

const soon = () => new Date(Date.now() + 60_000).toISOString();
const later = () => new Date(Date.now() + 3_600_000).toISOString();
const asked: string[] = [];
let expiration = later();

/** Answers as AWS documents it for each way. */
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const { pathname } = new URL(request.url);
    asked.push(`${request.method} ${pathname}`);
    const json = { AccessKeyId: "id", SecretAccessKey: "secret", Token: "token", Expiration: expiration };
    if (pathname === "/latest/api/token") return new Response("imds-token");
    if (pathname === "/container")
      return request.headers.get("authorization") === "of-the-file"
        ? Response.json(json)
        : new Response("", { status: 401 });
    if (pathname === "/") {
      const body = await request.text();
      if (!body.includes("WebIdentityToken=of-the-file"))
        return new Response("<Code>InvalidIdentityToken</Code>", { status: 400 });
      return new Response(
        `<Credentials><AccessKeyId>id</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>${expiration}</Expiration></Credentials>`,
      );
    }
    if (request.headers.get("x-aws-ec2-metadata-token") !== "imds-token")
      return new Response("", { status: 401 });
    return pathname.endsWith("/") ? new Response("role\n") : Response.json(json);
  },
});
const url = `http://127.0.0.1:${server.port}`;

afterEach(() => {
  asked.length = 0;
  expiration = later();
});

async function tokenFile() {
  const directory = await mkdtemp(join(tmpdir(), "mars-aws-"));
  const file = join(directory, "token");
  await writeFile(file, "of-the-file\n");
  return { file, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

const temporary = { accessKeyId: "id", secretAccessKey: "secret", sessionToken: "token" };

test("the environment's own come first, then those of a pod, a container and the machine", async () => {
  await using token = await tokenFile();
  const machine = { AWS_EC2_METADATA_SERVICE_ENDPOINT: url };
  const container = {
    ...machine,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/container`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: token.file,
  };
  const pod = {
    ...container,
    AWS_WEB_IDENTITY_TOKEN_FILE: token.file,
    AWS_ROLE_ARN: "arn:aws:iam::1:role/mars",
    AWS_ENDPOINT_URL_STS: url,
  };
  const own = { ...pod, AWS_ACCESS_KEY_ID: "own", AWS_SECRET_ACCESS_KEY: "s" };
  const find = (env: Record<string, string>) =>
    createCredentialsSource(readAwsEnvironment(env), "us-east-1")();
  expect(await find(own)).toEqual({ accessKeyId: "own", secretAccessKey: "s" });
  expect(asked).toEqual([]);
  for (const env of [pod, container, machine]) expect(await find(env)).toMatchObject(temporary);
  expect(asked).toEqual([
    "POST /",
    "GET /container",
    "PUT /latest/api/token",
    "GET /latest/meta-data/iam/security-credentials/",
    "GET /latest/meta-data/iam/security-credentials/role",
  ]);
  await expect(find({ AWS_EC2_METADATA_DISABLED: "true" })).rejects.toThrow("no AWS credentials");
});

test("temporary ones are kept, and renewed before they expire", async () => {
  const find = createCredentialsSource(
    readAwsEnvironment({ AWS_EC2_METADATA_SERVICE_ENDPOINT: url }),
    "us-east-1",
  );
  expiration = soon();
  await find();
  expiration = later();
  await Promise.all([find(), find()]);
  await find();
  expect(asked.filter((line) => line.startsWith("PUT"))).toHaveLength(2);
});
