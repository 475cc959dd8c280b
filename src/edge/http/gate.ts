/**
 * The gate before all routes, of both ports. A web page from elsewhere can use its visitor's browser against a Mars that only
 * this visitor can connect to. The gate stops both ways:
 *
 * - DNS rebinding: the page's own name resolves to Mars, and the browser takes Mars for the page's server. Such a
 *   request names the page's host. An address cannot be rebound, so every address is allowed; of names only `localhost` and
 *   those that the operator has listed.
 * - Requests across origins: a page need not be able to read an answer to change something. Browsers report where a request
 *   comes from, by `Sec-Fetch-Site` (https://www.w3.org/TR/fetch-metadata/) and `Origin`; other programs send neither.
 */
import { isIP } from "node:net";
import { MarsError } from "../../core/error.ts";

export interface GateOptions {
  /** Host names that Mars answers for, in any case; `*` for any. */
  readonly hosts?: readonly string[];
  /** Origins whose pages have the same rights as Mars' own; `*` for any. */
  readonly origins?: readonly string[];
}

export interface Gate {
  /** Both checks, as a request that is no socket needs them; `host` by `host` or `:authority`. */
  checkRequest(request: Request, host: string | null): MarsError | undefined;
  /** Why a request to this host, by `host` or `:authority`, is not served: `malformed` or `misdirected`. */
  checkHost(host: string | null | undefined): MarsError | undefined;
  /** Why a request that changes something, or opens a socket, is not served: `permission_denied`. */
  checkPage(headers: Headers): MarsError | undefined;
}

/** Methods that change nothing; of the GETs that do, see `test-endpoints.ts`. */
const safeMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

const hostPattern = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)\.?)(?::(\d{1,5}))?$/i;
const hostBytesMax = 300;
const portMax = 65_535;

export function createGate({ hosts = [], origins = [] }: GateOptions = {}): Gate {
  const names = new Set(["localhost", ...hosts.map((host) => host.toLowerCase())]);
  const allowedOrigins = new Set(origins);
  // Nearly all requests of a server name the same host: it is parsed once.
  let lastGood: string | undefined;

  const gate: Gate = {
    checkRequest({ method, headers }, host) {
      const refusal = gate.checkHost(host);
      return refusal === undefined && !safeMethods.has(method) ? gate.checkPage(headers) : refusal;
    },

    checkHost(host) {
      if (host === lastGood && host !== undefined) return undefined;
      const name = hostName(host);
      if (name === undefined) return new MarsError("malformed", "host header is not valid");
      if (!names.has("*") && isIP(name) === 0 && !names.has(name)) {
        return new MarsError(
          "misdirected",
          `this Mars is not called ${JSON.stringify(name)}: names for it are listed in MARS_ALLOWED_HOSTS`,
        );
      }
      lastGood = host ?? undefined;
      return undefined;
    },

    checkPage(headers) {
      const site = headers.get("sec-fetch-site");
      const origin = headers.get("origin");
      if (site === null && origin === null) return undefined;
      if (origin !== null && (allowedOrigins.has("*") || allowedOrigins.has(origin))) return undefined;
      const near = site === null || site === "same-origin" || site === "none";
      if (near && (origin === null || isSameHost(origin, headers.get("host") ?? ""))) return undefined;
      return new MarsError(
        "permission_denied",
        "pages of another origin may not do this: those that may are listed in MARS_ALLOWED_ORIGINS",
      );
    },
  };
  return gate;
}

/** The host without its port, in lower case; `undefined` for a text that is no host, or several. */
function hostName(host: string | null | undefined): string | undefined {
  if (host === null || host === undefined || host.length > hostBytesMax) return undefined;
  const [, address, name, port] = hostPattern.exec(host) ?? [];
  // The last: 1.2.3.456 is no name, and no address either; others would stumble over the URL that it makes.
  if (Number(port ?? 0) > portMax || !URL.canParse(`http://${host}/`)) return undefined;
  if (address !== undefined) return isIP(address) === 6 ? address : undefined;
  return name?.toLowerCase();
}

/** Only the host is compared, and its port: behind a proxy that ends TLS the scheme differs. */
function isSameHost(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: own } = new URL(origin);
  const asked = `${protocol}//${host}`;
  return own !== "" && URL.canParse(asked) && new URL(asked).host === own;
}
