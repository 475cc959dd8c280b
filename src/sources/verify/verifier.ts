/** Verifies that a delivery is its source's, by the source's scheme. */
import type { Source } from "../source.ts";
import { githubForm, shopifyForms, stripeForm, verifyHmac } from "./hmac.ts";
import { verifySendgrid } from "./sendgrid.ts";
import { type FetchText, type SnsOutcome, SnsVerifier } from "./sns.ts";
import { verifyStandardWebhooks } from "./standard-webhooks.ts";
import { verifyBasic, verifyToken } from "./token.ts";
import { verifyTwilio } from "./twilio.ts";
import type { Received, Refusal, VerifyOptions } from "./verified.ts";

export const gitlabHeader = "x-gitlab-token";

export class Verifier {
  readonly #sns: SnsVerifier;

  constructor(fetchText: FetchText) {
    this.#sns = new SnsVerifier(fetchText);
  }

  /** Rejects where a certificate cannot be fetched: whose delivery it is, is not known then. */
  async verify({ verify }: Pick<Source, "verify">, received: Received, nowMs: number): Promise<SnsOutcome> {
    const options = { verify, nowMs };
    if (verify.scheme === "sns") return this.#sns.verify(received, options);
    return { refusal: refusalOf(received, options) };
  }
}

function refusalOf(received: Received, options: VerifyOptions): Refusal {
  const { verify } = options;
  switch (verify.scheme) {
    case "none":
      return undefined;
    case "hmac":
      return verify.hmac === undefined
        ? "the source has no form of a signature"
        : verifyHmac(verify.hmac, received, options);
    case "standard-webhooks":
      return verifyStandardWebhooks(received, options);
    case "stripe":
      return verifyHmac(stripeForm, received, options);
    case "github":
      return verifyHmac(githubForm, received, options);
    case "shopify": {
      const [older, newer] = shopifyForms as [(typeof shopifyForms)[0], (typeof shopifyForms)[0]];
      return verifyHmac(received.headers[older.header] === undefined ? newer : older, received, options);
    }
    case "sendgrid":
      return verifySendgrid(received, options);
    case "twilio":
      return verifyTwilio(received, options);
    case "gitlab":
      return verifyToken(gitlabHeader, received, options);
    case "token":
      return verifyToken(verify.tokenHeader ?? "authorization", received, options);
    case "basic":
      return verifyBasic(received, options);
    default:
      return "the source has no scheme that is known";
  }
}
