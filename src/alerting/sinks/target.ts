/**
 * The addresses that alerts may be sent to. Users choose them, and Mars may be in a network that its users cannot connect to. So
 * only public addresses are called unless the operator allows others. A name is looked up once for each attempt, and the
 * addresses that were checked are the ones that are called: a second look-up could have another answer.
 */
import { lookup } from "node:dns/promises";
import ipaddr from "ipaddr.js";

const urlCharsMax = 2_048;

/** Services on ports below `freePortMin` do not expect a POST, except those of the web. */
const commonPorts: ReadonlySet<string> = new Set(["80", "443"]);
const freePortMin = 1_024;

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Looks a host's name up. Rejects for a name without an address. */
export type LookUp = (host: string) => Promise<readonly string[]>;

/** The message completes "url …". */
export class TargetError extends Error {}

export class Targets {
  readonly #any: boolean;
  readonly #hosts: ReadonlySet<string>;
  readonly #ranges: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][];
  readonly #lookUp: LookUp;

  /**
   * @param allow host names, addresses, and ranges of addresses (CIDR) beyond the public ones; `*` for any
   * @param lookUp default: the system's
   */
  constructor(allow: readonly string[], lookUp: LookUp = lookUpBySystem) {
    this.#lookUp = lookUp;
    const isRange = (entry: string) => entry.includes("/") || ipaddr.isValid(entry);
    this.#any = allow.includes("*");
    this.#hosts = new Set(allow.filter((entry) => !isRange(entry)).map((entry) => entry.toLowerCase()));
    this.#ranges = allow.filter(isRange).map((entry) => {
      if (entry.includes("/")) return ipaddr.parseCIDR(entry);
      const address = ipaddr.parse(entry);
      return [address, address.kind() === "ipv4" ? 32 : 128];
    });
  }

  /**
   * The addresses to call, each of them checked. A name that has both a public address and one that is not is refused whole:
   * its owner has no good reason for it.
   *
   * @throws `TargetError` for a host that must not be called, or has no address
   */
  async resolve(url: URL): Promise<Address[]> {
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
    const literal = ipaddr.isValid(host) ? ipaddr.parse(host) : undefined;
    const found = literal === undefined ? await this.#find(host) : [literal.toString()];
    const allowed = this.#any || this.#hosts.has(host.toLowerCase());
    return found.map((address) => {
      const parsed = ipaddr.process(address);
      if (!allowed && !this.#isAllowed(parsed)) {
        throw new TargetError(
          `must not lead to ${host}, which is not public: the operator allows addresses by MARS_ALERT_ALLOW`,
        );
      }
      return { address, family: ipaddr.parse(address).kind() === "ipv4" ? 4 : 6 };
    });
  }

  async #find(host: string): Promise<readonly string[]> {
    let found: readonly string[];
    try {
      found = await this.#lookUp(host);
    } catch (cause) {
      throw new TargetError("must name a host that has an address", { cause });
    }
    if (found.length === 0) throw new TargetError("must name a host that has an address");
    return found;
  }

  #isAllowed(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
    return (
      isPublic(address) ||
      this.#ranges.some((range) => range[0].kind() === address.kind() && address.match(range))
    );
  }
}

/**
 * Reads the address of a sink.
 *
 * @throws `TargetError`
 */
export function parseTarget(text: string): URL {
  if (text.length > urlCharsMax) throw new TargetError(`must be at most ${urlCharsMax} characters`);
  if (!URL.canParse(text)) throw new TargetError("must be a URL such as https://example.com/hook");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new TargetError("must begin with https:// or http://");
  }
  if (url.port !== "" && !commonPorts.has(url.port) && Number(url.port) < freePortMin) {
    throw new TargetError(`must have port 80, 443 or one from ${freePortMin} on`);
  }
  if (url.username !== "" || url.password !== "") throw new TargetError("must not hold a user or a password");
  return url;
}

/** @param address as `ipaddr.process` gives it: IPv4-mapped addresses are IPv4 */
function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== "unicast") return false;
  // 2000::/3 is all of IPv6 that is assigned to public use. The rest is reserved, or embeds an IPv4 address.
  return address.kind() === "ipv4" || address.match(publicIpv6);
}

const publicIpv6 = ipaddr.IPv6.parseCIDR("2000::/3");

async function lookUpBySystem(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
