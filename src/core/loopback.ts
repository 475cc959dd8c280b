/** Addresses that only this machine can connect to. */

/** @param host a name or an address, an IPv6 one in brackets or not; of a name it is not known before it is looked up */
export function isLoopback(host: string): boolean {
  return /^(localhost|\[?::1\]?|127\.\d+\.\d+\.\d+)$/.test(host);
}
