/**
 * Signs people in by an issuer of OpenID Connect: the authorization code flow with PKCE, state and nonce
 * (https://openid.net/specs/openid-connect-core-1_0.html, RFC 9700).
 */
import type { ClientAuth, Configuration, IDToken, UserInfoResponse } from "openid-client";
import { MarsError } from "../core/error.ts";
import type { Log } from "../core/ports.ts";
import { type Login, PendingLogins } from "./pending-logins.ts";

export interface OidcOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** Empty for a public client. */
  readonly clientSecret: string;
  /** Separated by blanks. */
  readonly scopes: string;
  /** The claim with a person's groups, or a path to it with dots. */
  readonly claim: string;
  /** The origin under which browsers reach Mars. */
  readonly publicUrl: string;
  readonly log: Pick<Log, "warn">;
}

/** A person who has signed in at the issuer. */
export interface Person {
  readonly subject: string;
  /** For people: an address, or a name. */
  readonly name: string;
  /** The values of the claim. */
  readonly groups: readonly string[];
}

/** The paths of the sign-in. */
export const loginPath = "/auth/login";
export const callbackPath = "/auth/callback";

const timeoutSeconds = 10;
/** After so long the issuer's metadata are read again. */
const metadataMs = 3_600_000;
const nameLengthMax = 256;
const groupsMax = 10_000;

export class Oidc {
  readonly #options: OidcOptions;
  readonly #pending = new PendingLogins();
  #client: { readonly until: number; readonly ready: Promise<Configuration> } | undefined;

  constructor(options: OidcOptions) {
    this.#options = options;
  }

  /** The host at which people sign in. */
  get host(): string {
    return new URL(this.#options.issuer).host;
  }

  /**
   * @returns the address at the issuer to send the browser to, and the secret for its cookie
   * @throws `MarsError("unavailable")` while the issuer does not answer
   */
  async begin(
    login: Omit<Login, "nonce" | "verifier">,
  ): Promise<{ readonly url: URL; readonly secret: string }> {
    const { buildAuthorizationUrl, calculatePKCECodeChallenge, randomNonce, randomPKCECodeVerifier } =
      await library();
    const client = await this.#ready();
    const [nonce, verifier] = [randomNonce(), randomPKCECodeVerifier()];
    const challenge = await calculatePKCECodeChallenge(verifier);
    const { state, secret } = this.#pending.add({ ...login, nonce, verifier });
    const url = buildAuthorizationUrl(client, {
      redirect_uri: this.#callbackUrl(""),
      scope: this.#options.scopes,
      code_challenge: challenge,
      code_challenge_method: "S256",
      state,
      nonce,
    });
    return { url, secret };
  }

  /**
   * @param query of the address at which the browser came back, as the issuer has made it
   * @param secret of the browser's cookie
   * @throws `MarsError` `permission_denied` for a sign-in that this browser has not begun, `unauthenticated` where the issuer has
   * refused it, `unavailable` while the issuer does not answer
   */
  async finish(query: string, secret: string): Promise<{ readonly person: Person; readonly login: Login }> {
    const state = new URLSearchParams(query).get("state") ?? "";
    const login = this.#pending.take(state, secret);
    if (login === undefined) {
      throw new MarsError(
        "permission_denied",
        "this sign-in was not begun in this browser, or took too long",
      );
    }
    const { authorizationCodeGrant, fetchUserInfo } = await library();
    const client = await this.#ready();
    const { nonce, verifier } = login;
    try {
      const tokens = await authorizationCodeGrant(client, new URL(this.#callbackUrl(query)), {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new Error("the issuer has sent no ID token");
      const { claim } = this.#options;
      const hasGroups = valueAt(claims, claim) !== undefined;
      const asks = !hasGroups && client.serverMetadata().userinfo_endpoint !== undefined;
      const info = asks ? await fetchUserInfo(client, tokens.access_token, claims.sub) : undefined;
      return { person: personOf(claims, info, claim), login };
    } catch (error) {
      throw this.#refusal(error, isAway(error));
    }
  }

  #callbackUrl(query: string): string {
    return `${this.#options.publicUrl}${callbackPath}${query === "" ? "" : `?${query}`}`;
  }

  async #ready(): Promise<Configuration> {
    const now = performance.now();
    if (this.#client === undefined || this.#client.until <= now) {
      this.#client = { until: now + metadataMs, ready: this.#discover() };
    }
    const { ready } = this.#client;
    try {
      return await ready;
    } catch (error) {
      if (this.#client?.ready === ready) this.#client = undefined;
      throw this.#refusal(error, true);
    }
  }

  async #discover(): Promise<Configuration> {
    const { allowInsecureRequests, ClientSecretBasic, ClientSecretPost, discovery, None } = await library();
    const { issuer, clientId, clientSecret } = this.#options;
    const bySecret: ClientAuth = (server, ...rest) => {
      // What counts where the issuer does not say: OpenID Connect Discovery 1.0, section 3.
      const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
      const byHeader = methods.includes("client_secret_basic");
      (byHeader ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret))(server, ...rest);
    };
    return discovery(new URL(issuer), clientId, {}, clientSecret === "" ? None() : bySecret, {
      timeout: timeoutSeconds,
      // On the loopback only: the setting refuses it elsewhere.
      execute: issuer.startsWith("http:") ? [allowInsecureRequests] : [],
    });
  }

  /** The log has the codes of a fault, and nothing that the issuer has sent beside them. */
  #refusal(error: unknown, away: boolean): MarsError {
    const { issuer, log } = this.#options;
    const { code, error: reason } = error as { readonly code?: string; readonly error?: string };
    // A code by its standard, and any text in an address that the issuer has not made.
    const known = /^\w{1,64}$/.test(reason ?? "") ? reason : undefined;
    const fields = { event: "sign_in_refused", issuer, code, reason: known };
    if (away) {
      log.warn("sign-in failed, the issuer cannot be used", fields);
      return new MarsError("unavailable", `${this.host} cannot be used now: try again later`, {
        cause: error,
      });
    }
    log.warn("sign-in failed, the issuer has not confirmed it", fields);
    return new MarsError("unauthenticated", `${this.host} has not confirmed this sign-in`, { cause: error });
  }
}

/** At the first sign-in: a start does not wait for it. */
function library(): Promise<typeof import("openid-client")> {
  return import("openid-client");
}

/** Whether no answer came. */
function isAway(error: unknown): boolean {
  const { code, cause } = error as { readonly code?: string; readonly cause?: { readonly code?: string } };
  const codes = ["OAUTH_TIMEOUT", "ConnectionRefused", "ECONNREFUSED", "ECONNRESET", "ENOTFOUND"];
  return [code, cause?.code].some((one) => one !== undefined && codes.includes(one));
}

function personOf(claims: IDToken, info: UserInfoResponse | undefined, claim: string): Person {
  const all = { ...info, ...claims };
  const names = [all.email, all.preferred_username, all.name, claims.sub];
  const name = names.find((one) => typeof one === "string" && one !== "") as string;
  const value = valueAt(claims, claim) ?? valueAt(info ?? {}, claim);
  const values = Array.isArray(value) ? value : [value];
  return {
    subject: claims.sub,
    name: name.slice(0, nameLengthMax),
    groups: values.slice(0, groupsMax).filter((one): one is string => typeof one === "string"),
  };
}

/** The member of this name, dots and all, or at this path. */
function valueAt(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const step of name.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[step];
  }
  return value;
}
