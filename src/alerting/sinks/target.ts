/**
 * The addresses that alerts may be sent to. Users choose them, and Mars may be in a network that its users cannot connect to. So
 * only public addresses are called unless the operator allows others. A name is looked up once for each attempt, and the
 * addresses that were checked are the ones that are called: a second look-up could have another answer.
 */
import { lookup } from "node:dns/promises";
import { networkInterfaces } from "node:os";
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

export interface TargetsOptions {
  /** Default: the system's. */
  readonly lookUp?: LookUp;
  /** The addresses of this machine; default: those of its interfaces. */
  readonly own?: () => readonly string[];
}

/** The message completes "url …". */
export class TargetError extends Error {}

export class Targets {
  readonly #any: boolean;
  readonly #hosts: ReadonlySet<string>;
  readonly #ranges: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][];
  readonly #lookUp: LookUp;
  readonly #own: () => readonly string[];

  /** @param allow host names, addresses, and ranges of addresses (CIDR) beyond the public ones; `*` for any */
  constructor(
    allow: readonly string[],
    { lookUp = lookUpBySystem, own = ownAddresses }: TargetsOptions = {},
  ) {
    this.#lookUp = lookUp;
    this.#own = own;
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
    const host = hostOf(url);
    const literal = ipaddr.isValid(host) ? ipaddr.parse(host) : undefined;
    const found = literal === undefined ? await this.#find(host) : [literal.toString()];
    const allowed = this.#allows(host);
    const internal = new Set([...hostServices, ...this.#own()].map(canonical));
    return found.map((address) => {
      const parsed = ipaddr.process(address);
      const open = isPublic(parsed) && !internal.has(parsed.toString());
      if (!allowed && !open && !this.#isAllowed(parsed)) {
        throw new TargetError(
          `must not lead to ${host}, which is not public: the operator allows addresses by MARS_ALERT_ALLOW`,
        );
      }
      return { address, family: ipaddr.parse(address).kind() === "ipv4" ? 4 : 6 };
    });
  }

  /** Whether the operator has allowed the host itself: by its name, or as an address. */
  names(url: URL): boolean {
    const host = hostOf(url);
    return this.#allows(host) || (ipaddr.isValid(host) && this.#isAllowed(ipaddr.process(host)));
  }

  #allows(host: string): boolean {
    return this.#any || this.#hosts.has(host.toLowerCase());
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
    return this.#ranges.some((range) => range[0].kind() === address.kind() && address.match(range));
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
  checkPort(url);
  if (url.username !== "" || url.password !== "") throw new TargetError("must not hold a user or a password");
  return url;
}

/** Without the brackets of IPv6, and the dot at the end of a whole name. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}

/** @throws `TargetError` for a port of other services than those that are called */
export function checkPort({ port }: URL): void {
  if (port !== "" && !commonPorts.has(port) && Number(port) < freePortMin)
    throw new TargetError(`must have port 80, 443 or one from ${freePortMin} on`);
}

/** @param address as `ipaddr.process` gives it: IPv4-mapped addresses are IPv4 */
function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== "unicast") return false;
  // 2000::/3 is all of IPv6 that is assigned to public use. The rest is reserved, or embeds an IPv4 address.
  return address.kind() === "ipv4" || address.match(publicIpv6);
}

/** Public by their numbers, and a cloud's services for its machines: Azure's, which gives out configurations and certificates. */
const hostServices = ["168.63.129.16"];

/** A firewall before this machine does not see what the machine sends to itself, by a public address either. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((ends) => (ends ?? []).map(({ address }) => address));
}

function canonical(address: string): string {
  return ipaddr.process(address).toString();
}

const publicIpv6 = ipaddr.IPv6.parseCIDR("2000::/3");

async function lookUpBySystem(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
