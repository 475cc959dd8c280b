/** Where the programs of AWS find credentials when nobody names any: the variables that AWS documents for its own tools. */
export interface AwsEnvironment {
  /** `AWS_REGION`, else `AWS_DEFAULT_REGION`. */
  readonly region?: string;
  /** `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`. */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
  /** `AWS_ROLE_ARN` and `AWS_WEB_IDENTITY_TOKEN_FILE`: of a pod with a service account. */
  readonly roleArn?: string;
  readonly webIdentityTokenFile?: string;
  /** `AWS_ENDPOINT_URL_STS`: absent: that of the region. */
  readonly stsUrl?: string;
  /** `AWS_CONTAINER_CREDENTIALS_FULL_URI`, else `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` at 169.254.170.2. */
  readonly containerUrl?: string;
  /** `AWS_CONTAINER_AUTHORIZATION_TOKEN`, or the file that `AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE` names. */
  readonly containerToken?: string;
  readonly containerTokenFile?: string;
  /** `AWS_EC2_METADATA_SERVICE_ENDPOINT`, `http://169.254.169.254` by default; absent where `AWS_EC2_METADATA_DISABLED` is `true`. */
  readonly metadataUrl?: string;
}
