/** The address at which a Mars of this machine is reached. */
import type { Config } from "./type.ts";

/** Every interface is reached by the loopback one. */
const anyAddress: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" };

/** Without a slash at its end. */
export function localUrl({ host, httpPort, tlsCert }: Pick<Config, "host" | "httpPort" | "tlsCert">): string {
  const address = anyAddress[host] ?? host;
  return `${tlsCert === "" ? "http" : "https"}://${address.includes(":") ? `[${address}]` : address}:${httpPort}`;
}
