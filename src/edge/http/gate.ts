/**
 * The gate before all routes, of both ports. A web page from elsewhere can use its visitor's browser against a Mars that only
 * this visitor can connect to. The gate stops three ways:
 *
 * - DNS rebinding: the page's own name resolves to Mars, and the browser takes Mars for the page's server. Such a
 *   request names the page's host. An address cannot be rebound; of names only those are served that the operator has given.
 * - Changes across origins: a page need not be able to read an answer to change something. Browsers report where a request
 *   comes from, by `Sec-Fetch-Site` (https://www.w3.org/TR/fetch-metadata/) and `Origin`; other programs send neither.
 * - Reads across origins: a page that embeds an answer as a script or a picture learns from its size, its time and its
 *   errors. Only links are served (https://web.dev/articles/fetch-metadata, "resource isolation policy").
 */
import { isIP } from "node:net";
import { MarsError } from "../../core/error.ts";

export interface GateOptions {
  /** Host names that the operator has allowed, in any case; `*` for any. */
  readonly allowedHosts?: readonly string[];
  /** Names that belong to this machine. Not served while `loopbackOnly` holds. */
  readonly ownNames?: readonly string[];
  /** Origins whose pages have the same rights as Mars' own; `*` for any. */
  readonly allowedOrigins?: readonly string[];
  /** The origin under which browsers reach Mars; empty for none. Its host is served, and its pages are Mars' own. */
  readonly publicUrl?: string;
  /**
   * Whether callers need no key because they are on this machine. Then an address of a network is refused as well: a request
   * that names one was forwarded from elsewhere. Called for each request, since a first key ends it.
   */
  readonly loopbackOnly?: () => boolean;
}

export interface Gate {
  /** Why a request to this host, by `host` or `:authority`, is not served: `malformed` or `misdirected`. */
  checkHost(host: string | null | undefined): MarsError | undefined;
  /** Why a request that changes something, or opens a socket, is not served: `permission_denied`. */
  checkPage(headers: Headers): MarsError | undefined;
  /** Why an answer that a page asks for is not given: `permission_denied`. */
  checkRead(headers: Headers): MarsError | undefined;
  /**
   * Whether Mars' own page has sent this, by what its browser reports. Neither a program nor a browser too old to report
   * anything counts as that, nor does a page of an allowed origin.
   */
  fromOwnPage(headers: Pick<Headers, "get">): boolean;
  /** Whether the operator has allowed pages of this origin. */
  allowsOrigin(origin: string): boolean;
  /** Whether there is any such origin. */
  readonly allowsOrigins: boolean;
}

/** Whether a browser sent this for a page. Browsers send one of the two with everything but older ones with reads. */
export function isFromPage(headers: Headers): boolean {
  return headers.get("sec-fetch-site") !== null || headers.get("origin") !== null;
}

const hostPattern = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)\.?)(?::(\d{1,5}))?$/i;
const hostBytesMax = 300;
const portMax = 65_535;

export function createGate(options: GateOptions = {}): Gate {
  const { allowedHosts = [], ownNames = [], publicUrl = "", loopbackOnly = () => false } = options;
  const publicHost = publicUrl === "" ? [] : [hostName(new URL(publicUrl).host) ?? ""];
  const allowedNames = new Set([...allowedHosts.map((host) => host.toLowerCase()), ...publicHost]);
  const machineNames = new Set(ownNames.map((name) => name.toLowerCase()));
  const allowedOrigins = new Set(options.allowedOrigins);
  const anyHost = allowedNames.has("*");
  const anyOrigin = allowedOrigins.has("*");
  // Nearly all requests of a server name the same host: it is parsed once.
  let lastGood: string | undefined;
  let lastNarrow: boolean | undefined;

  function serves(name: string, narrow: boolean): boolean {
    if (anyHost || isLoopbackHost(name) || allowedNames.has(name)) return true;
    return !narrow && (isIP(name) !== 0 || machineNames.has(name));
  }

  /** Whether a page that sends this may act as Mars' own. Programs send neither header. */
  function isNear(headers: Headers): boolean {
    const site = headers.get("sec-fetch-site");
    const origin = headers.get("origin");
    if (site === null && origin === null) return true;
    if (origin !== null && gate.allowsOrigin(origin)) return true;
    if (isElsewhere(site)) return false;
    return origin === null || isOwn(origin, headers.get("host"));
  }

  function isOwn(origin: string, host: string | null): boolean {
    return origin === publicUrl || isSameHost(origin, host ?? "");
  }

  const gate: Gate = {
    checkHost(host) {
      const narrow = loopbackOnly();
      if (host === lastGood && narrow === lastNarrow && host !== undefined) return undefined;
      const name = hostName(host);
      if (name === undefined) return new MarsError("malformed", "host header is not valid");
      if (!serves(name, narrow)) {
        return new MarsError(
          "misdirected",
          `this Mars is not called ${JSON.stringify(name)}: its names are given by MARS_PUBLIC_URL and MARS_ALLOWED_HOSTS`,
        );
      }
      lastGood = host ?? undefined;
      lastNarrow = narrow;
      return undefined;
    },

    checkPage(headers) {
      return isNear(headers) ? undefined : refusedPage("may not do this");
    },

    checkRead(headers) {
      // Not by `Origin`, which programs send with reads, too.
      if (!isElsewhere(headers.get("sec-fetch-site")) || isLink(headers)) return undefined;
      const origin = headers.get("origin");
      if (origin !== null && gate.allowsOrigin(origin)) return undefined;
      return refusedPage("may not read this");
    },

    fromOwnPage(headers) {
      const site = headers.get("sec-fetch-site");
      if (site !== null) return site === "same-origin";
      const origin = headers.get("origin");
      return origin !== null && isOwn(origin, headers.get("host"));
    },

    allowsOrigin: (origin) => anyOrigin || allowedOrigins.has(origin),
    allowsOrigins: allowedOrigins.size > 0,
  };
  return gate;
}

/** Whether browsers call this host, in lower case and without its port, their own machine (RFC 6761, section 6.3). */
export function isLoopbackHost(name: string): boolean {
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  // Systems connect to the machine itself by the unspecified addresses, and no page can come from them.
  return /^127\.\d+\.\d+\.\d+$|^0\.0\.0\.0$|^::1?$|^::ffff:127\.\d+\.\d+\.\d+$/.test(name);
}

/**
 * The host without its port, in lower case and an IPv6 address without brackets; `undefined` for a text that is no host, or several.
 */
export function hostName(host: string | null | undefined): string | undefined {
  if (host === null || host === undefined || host.length > hostBytesMax) return undefined;
  const [, address, name, port] = hostPattern.exec(host) ?? [];
  // The last: 1.2.3.456 is no name, and no address either; others would stumble over the URL that it makes.
  if (Number(port ?? 0) > portMax || !URL.canParse(`http://${host}/`)) return undefined;
  if (address !== undefined) return isIP(address) === 6 ? address.toLowerCase() : undefined;
  return name?.toLowerCase();
}

/** Another port of the same name is another origin, and so is a sibling name. `none`: the user typed the address. */
function isElsewhere(site: string | null): boolean {
  return site !== null && site !== "same-origin" && site !== "none";
}

/** A link that opens Mars in a tab of its own, and no frame of a page. The first browsers with these headers lacked the destination. */
function isLink(headers: Headers): boolean {
  const destination = headers.get("sec-fetch-dest");
  return headers.get("sec-fetch-mode") === "navigate" && (destination === null || destination === "document");
}

/** Only the host is compared, and its port: behind a proxy that ends TLS the scheme differs. */
function isSameHost(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: own } = new URL(origin);
  const asked = `${protocol}//${host}`;
  return own !== "" && URL.canParse(asked) && new URL(asked).host === own;
}

function refusedPage(what: string): MarsError {
  return new MarsError(
    "permission_denied",
    `pages of another origin ${what}: those that may are listed in MARS_ALLOWED_ORIGINS`,
  );
}
