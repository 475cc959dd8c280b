/** A real issuer of OpenID Connect, and a browser that goes between it and Mars. */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";
import type { TestMars } from "../support/mars.ts";

/** Where the browser finds Mars: a proxy would be there, and end TLS. */
export const publicUrl = "https://mars.test";

export const clientId = "mars";
export const clientSecret = "the-secret-of-mars-at-its-issuer";

export interface IssuerOptions {
  /** The groups of each person. */
  readonly people: Readonly<Record<string, unknown>>;
  /** Whether the groups are in the ID token; else in the user info alone. */
  readonly inToken?: boolean;
  /** Where Mars is found, if not at `publicUrl`. */
  readonly mars?: string;
}

export interface TestIssuer extends AsyncDisposable {
  readonly url: string;
  close(): Promise<void>;
}

export async function startIssuer({
  people,
  inToken = false,
  mars = publicUrl,
}: IssuerOptions): Promise<TestIssuer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
  const provider = new Provider(url, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [`${mars}/auth/callback`],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    jwks: { keys: [{ ...key, kid: "1", use: "sig", alg: "RS256" }] },
    cookies: { keys: [randomUUID()] },
    claims: { openid: ["sub"], email: ["email"], groups: ["groups"] },
    conformIdTokenClaims: !inToken,
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, groups: people[id] }),
    }),
    // Nobody is asked whether Mars may know them.
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({
        clientId,
        accountId: ctx.oidc.session?.accountId ?? "",
      });
      grant.addOIDCScope("openid profile email groups");
      await grant.save();
      return grant;
    },
  });
  server.on("request", provider.callback());
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url, close, [Symbol.asyncDispose]: close };
}

/** A browser that follows redirects between the sites by hand, with the cookies of each. */
export class TestBrowser {
  readonly #mars: Pick<TestMars, "url">;
  readonly #jars = new Map<string, Map<string, string>>();
  /** Every `Set-Cookie` of Mars, the last ones last. */
  readonly set: string[] = [];

  constructor(mars: Pick<TestMars, "url">) {
    this.#mars = mars;
  }

  /** Cookies of Mars, by name. */
  get cookies(): Map<string, string> {
    return this.#jar(publicUrl);
  }

  async open(to: string | URL, init: RequestInit = {}): Promise<Response> {
    const url = new URL(to, publicUrl);
    const jar = this.#jar(url.origin);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const own = url.origin === publicUrl;
    const target = own ? this.#mars.url + url.pathname + url.search : url;
    const headers = {
      ...(own && { host: "mars.test" }),
      ...(cookie !== "" && { cookie }),
      ...(init.headers as object),
    };
    const response = await fetch(target, { ...init, redirect: "manual", headers });
    for (const line of response.headers.getSetCookie()) {
      if (own) this.set.push(line);
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === "" || /Max-Age=0/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }

  /** From Mars to the issuer: the address there. */
  async begin(returnTo?: string): Promise<URL> {
    const query = returnTo === undefined ? "" : `?${new URLSearchParams({ return_to: returnTo })}`;
    const response = await this.open(`/auth/login${query}`);
    if (response.status !== 302) throw new Error(`${response.status} ${await response.text()}`);
    return new URL(response.headers.get("location") ?? "");
  }

  /** Signs in at the issuer. @returns the address at which it sends the browser back to Mars */
  async signInAt(address: URL, person: string): Promise<URL> {
    let url = address;
    for (let step = 0; step < 10; step++) {
      let response = await this.open(url);
      if (response.status === 200) {
        const body = new URLSearchParams({ prompt: "login", login: person, password: "x" });
        response = await this.open(url, { method: "POST", body });
      }
      const location = response.headers.get("location");
      if (location === null) throw new Error(`${url}: ${response.status} ${await response.text()}`);
      url = new URL(location, url);
      if (url.origin === publicUrl) return url;
    }
    throw new Error("the issuer does not send the browser back");
  }

  /** All of it. @returns the last answer of Mars */
  async signIn(person: string, returnTo?: string): Promise<Response> {
    return this.open(await this.signInAt(await this.begin(returnTo), person));
  }

  /** The status of a read. */
  async status(path = "/api/messages"): Promise<number> {
    return (await this.open(path)).status;
  }

  #jar(origin: string): Map<string, string> {
    const jar = this.#jars.get(origin) ?? new Map<string, string>();
    this.#jars.set(origin, jar);
    return jar;
  }
}
