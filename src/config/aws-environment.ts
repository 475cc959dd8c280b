/** Reads the variables by which AWS gives its programs credentials. They are no settings of Mars: it has those of the same names anywhere. */
import type { AwsEnvironment } from "../core/aws-environment.ts";

const containerHost = "http://169.254.170.2";
const metadataUrl = "http://169.254.169.254";

/** Empty variables count as absent. */
export function readAwsEnvironment(env: Readonly<Record<string, string | undefined>>): AwsEnvironment {
  const relative = env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI;
  const given: { [Name in keyof AwsEnvironment]: AwsEnvironment[Name] | undefined } = {
    region: env.AWS_REGION || env.AWS_DEFAULT_REGION,
    accessKeyId: env.AWS_ACCESS_KEY_ID,
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
    sessionToken: env.AWS_SESSION_TOKEN,
    roleArn: env.AWS_ROLE_ARN,
    webIdentityTokenFile: env.AWS_WEB_IDENTITY_TOKEN_FILE,
    stsUrl: env.AWS_ENDPOINT_URL_STS,
    containerUrl:
      env.AWS_CONTAINER_CREDENTIALS_FULL_URI || (relative ? `${containerHost}${relative}` : undefined),
    containerToken: env.AWS_CONTAINER_AUTHORIZATION_TOKEN,
    containerTokenFile: env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE,
    metadataUrl:
      env.AWS_EC2_METADATA_DISABLED?.toLowerCase() === "true"
        ? undefined
        : env.AWS_EC2_METADATA_SERVICE_ENDPOINT || metadataUrl,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value));
}
