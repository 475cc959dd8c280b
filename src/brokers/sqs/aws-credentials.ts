/**
 * Credentials of AWS, in the order of its own tools: the environment, the role of a pod (IRSA), the container's (ECS, EKS Pod
 * Identity), the machine's (EC2, IMDSv2). Temporary ones are renewed before they expire.
 */
import { readFile } from "node:fs/promises";
import type { AwsEnvironment } from "../../core/aws-environment.ts";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Milliseconds since 1970; absent: they do not expire. */
  readonly expiresAt?: number;
}

const requestMs = 3_000;
const renewBeforeMs = 5 * 60_000;

/** Returns credentials that hold for some minutes. Rejects with what was tried last, or says what is missing. */
export type CredentialsSource = () => Promise<AwsCredentials>;

/** @param region of the role's security token service */
export function createCredentialsSource(environment: AwsEnvironment, region: string): CredentialsSource {
  let known: AwsCredentials | undefined;
  let asking: Promise<AwsCredentials> | undefined;
  return async () => {
    const { expiresAt = Number.POSITIVE_INFINITY } = known ?? { expiresAt: 0 };
    if (known !== undefined && expiresAt - Date.now() > renewBeforeMs) return known;
    asking ??= find(environment, region).finally(() => {
      asking = undefined;
    });
    try {
      known = await asking;
      return known;
    } catch (error) {
      if (known !== undefined && expiresAt > Date.now()) return known;
      throw error;
    }
  };
}

async function find(environment: AwsEnvironment, region: string): Promise<AwsCredentials> {
  const { accessKeyId, secretAccessKey, sessionToken } = environment;
  if (accessKeyId !== undefined && secretAccessKey !== undefined)
    return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
  if (environment.webIdentityTokenFile !== undefined) return ofRole(environment, region);
  if (environment.containerUrl !== undefined) return ofContainer(environment.containerUrl, environment);
  if (environment.metadataUrl !== undefined) return ofMachine(environment.metadataUrl);
  throw new Error("no AWS credentials: neither in the URL nor in the environment");
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html */
async function ofRole(
  { roleArn = "", webIdentityTokenFile = "", stsUrl }: AwsEnvironment,
  region: string,
): Promise<AwsCredentials> {
  const query = new URLSearchParams({
    Action: "AssumeRoleWithWebIdentity",
    Version: "2011-06-15",
    RoleArn: roleArn,
    RoleSessionName: "mars",
    WebIdentityToken: (await readFile(webIdentityTokenFile, "utf8")).trim(),
  });
  const xml = await ask(stsUrl ?? `https://sts.${region}.amazonaws.com/`, { method: "POST", body: query });
  const field = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1];
  return checked({
    AccessKeyId: field("AccessKeyId"),
    SecretAccessKey: field("SecretAccessKey"),
    Token: field("SessionToken"),
    Expiration: field("Expiration"),
  });
}

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
async function ofContainer(
  url: string,
  { containerToken, containerTokenFile }: AwsEnvironment,
): Promise<AwsCredentials> {
  const token =
    containerTokenFile === undefined ? containerToken : (await readFile(containerTokenFile, "utf8")).trim();
  return checked(
    JSON.parse(await ask(url, { headers: token === undefined ? {} : { authorization: token } })),
  );
}

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html */
async function ofMachine(url: string): Promise<AwsCredentials> {
  const token = await ask(`${url}/latest/api/token`, {
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": "21600" },
  });
  const headers = { "x-aws-ec2-metadata-token": token };
  const roles = `${url}/latest/meta-data/iam/security-credentials/`;
  const [role = ""] = (await ask(roles, { headers })).split("\n");
  return checked(JSON.parse(await ask(`${roles}${role.trim()}`, { headers })));
}

async function ask(url: string, init: RequestInit): Promise<string> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(requestMs) }).catch(
    (cause: unknown) => {
      throw new Error(`no AWS credentials: ${new URL(url).host} does not answer`, { cause });
    },
  );
  const text = await answer.text();
  if (answer.ok) return text;
  const code = /<Code>([^<]+)<\/Code>/.exec(text)?.[1] ?? "";
  throw new Error(`no AWS credentials: ${new URL(url).host} answers ${answer.status} ${code}`.trimEnd());
}

interface Answer {
  readonly AccessKeyId?: string | undefined;
  readonly SecretAccessKey?: string | undefined;
  readonly Token?: string | undefined;
  readonly Expiration?: string | undefined;
}

function checked({ AccessKeyId, SecretAccessKey, Token, Expiration }: Answer): AwsCredentials {
  if (AccessKeyId === undefined || SecretAccessKey === undefined)
    throw new Error("no AWS credentials in the answer to the request for them");
  const expiresAt = Expiration === undefined ? Number.NaN : Date.parse(Expiration);
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    ...(Token !== undefined && { sessionToken: Token }),
    ...(!Number.isNaN(expiresAt) && { expiresAt }),
  };
}
