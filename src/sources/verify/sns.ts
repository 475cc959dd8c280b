/**
 * Amazon SNS: RSA over chosen members, by a certificate that is fetched from Amazon's own hosts only.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 */
import { verify as verifyBytes, X509Certificate } from "node:crypto";
import { parseTime } from "../../core/time.ts";
import type { Delivery } from "../source.ts";
import { noSignature, type Refusal, type VerifyOptions, wrongSignature } from "./verified.ts";

/** Fetches a text of Amazon's, over https, without following redirects. Rejects for anything but a short answer of status 200. */
export type FetchText = (url: string) => Promise<string>;

export interface SnsOutcome {
  readonly refusal: Refusal;
  /** The address by which the subscription is to be confirmed; only of a delivery that is Amazon's, and of the source's topic. */
  readonly confirm?: string;
}

const hostForm = /^sns\.[a-zA-Z0-9-]{3,}\.amazonaws\.com(?:\.cn)?$/;
const certificatesMax = 16;

const notificationKeys = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const confirmationKeys = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

type Envelope = Readonly<Record<string, string>>;

/** Remembers the certificates that it has fetched, `certificatesMax` at most. */
export class SnsVerifier {
  readonly #fetchText: FetchText;
  readonly #certificates = new Map<string, Promise<X509Certificate>>();

  constructor(fetchText: FetchText) {
    this.#fetchText = fetchText;
  }

  async verify({ body }: Delivery, { verify, nowMs }: VerifyOptions): Promise<SnsOutcome> {
    const envelope = envelopeOf(body);
    if (envelope === undefined) return { refusal: "the body is no message of SNS" };
    const {
      Type,
      TopicArn,
      Timestamp = "",
      Signature,
      SigningCertURL,
      SignatureVersion,
      SubscribeURL,
    } = envelope;
    if (Signature === undefined || SigningCertURL === undefined) return { refusal: noSignature };
    // Before anything is fetched for a stranger.
    if (TopicArn !== verify.topicArn) return { refusal: "the message is of another topic" };
    if (!isAmazons(SigningCertURL) || !new URL(SigningCertURL).pathname.endsWith(".pem"))
      return { refusal: "the certificate's address is not Amazon's" };
    const at = parseTime(Timestamp);
    const toleranceMs = verify.toleranceMs ?? 0;
    if (typeof at === "string") return { refusal: "the delivery has no timestamp" };
    if (toleranceMs > 0 && Math.abs(nowMs - at / 1_000) > toleranceMs)
      return { refusal: "the delivery's timestamp is too far from now" };
    const digest = SignatureVersion === "1" ? "sha1" : SignatureVersion === "2" ? "sha256" : undefined;
    if (digest === undefined) return { refusal: "the signature has a version that is not known" };
    const certificate = await this.#certificate(SigningCertURL);
    const now = new Date(nowMs);
    if (certificate.validFromDate > now || certificate.validToDate < now)
      return { refusal: "the certificate is not valid now" };
    const signed = signedText(envelope);
    if (!verifyBytes(digest, Buffer.from(signed), certificate.publicKey, Buffer.from(Signature, "base64")))
      return { refusal: wrongSignature };
    if (Type !== "SubscriptionConfirmation") return { refusal: undefined };
    if (SubscribeURL === undefined || !isAmazons(SubscribeURL))
      return { refusal: "the address to subscribe is not Amazon's" };
    return { refusal: undefined, confirm: SubscribeURL };
  }

  #certificate(url: string): Promise<X509Certificate> {
    const known = this.#certificates.get(url);
    if (known !== undefined) return known;
    const fetched = this.#fetchText(url).then((text) => new X509Certificate(text));
    const [oldest] = this.#certificates.keys();
    if (this.#certificates.size >= certificatesMax && oldest !== undefined) this.#certificates.delete(oldest);
    this.#certificates.set(url, fetched);
    // One that could not be fetched is fetched again.
    fetched.catch(() => this.#certificates.delete(url));
    return fetched;
  }
}

/** Whether it is https, of one of the hosts of SNS, at the default port and without a name or a password. */
export function isAmazons(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, port, username, password } = new URL(text);
  return (
    protocol === "https:" && hostForm.test(hostname) && port === "" && username === "" && password === ""
  );
}

function envelopeOf(body: Uint8Array): Envelope | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return Object.fromEntries(Object.entries(value).filter(([, one]) => typeof one === "string")) as Envelope;
  } catch {
    return undefined;
  }
}

function signedText(envelope: Envelope): string {
  const keys = envelope.Type === "Notification" ? notificationKeys : confirmationKeys;
  return keys
    .filter((key) => envelope[key] !== undefined)
    .map((key) => `${key}\n${envelope[key]}\n`)
    .join("");
}
