/** Calls as a browser makes them for Mars' own page: with its cookies, and what it reports of where a call comes from. */
import type { TestMars } from "../support/mars.ts";

export class PageClient {
  readonly #url: string;
  readonly cookies = new Map<string, string>();
  /** The last `Set-Cookie` of each name. */
  readonly set = new Map<string, string>();
  /** Headers of every call; a test of an older browser leaves some out. */
  headers: Record<string, string>;

  constructor({ url }: Pick<TestMars, "url">) {
    this.#url = url;
    this.headers = { origin: url, "sec-fetch-site": "same-origin" };
  }

  async call(path: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...this.headers, ...(cookie !== "" && { cookie }), ...(init.headers as object) };
    const response = await fetch(new URL(path, this.#url), { redirect: "manual", ...init, headers });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const [name = "", value = ""] = pair.split("=");
      this.set.set(name, line);
      if (/Max-Age=0/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  send(method: string, path: string, body?: unknown): Promise<Response> {
    const init = { method, headers: { "content-type": "application/json" } };
    return this.call(path, body === undefined ? { method } : { ...init, body: JSON.stringify(body) });
  }

  signIn(token: string): Promise<Response> {
    return this.send("POST", "/api/sessions", { token });
  }

  /** The status of a read. */
  async status(path = "/api/messages"): Promise<number> {
    return (await this.call(path)).status;
  }
}
