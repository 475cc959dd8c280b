/** What a connection over TLS needs beside the place. */
import type { BrokerCollector } from "../core/broker-collector.ts";

/** Of a collector; a sink has none of them. */
export type TlsMembers = {
  readonly [Name in "tlsCa" | "tlsCert" | "tlsKey"]?: BrokerCollector[Name] | undefined;
};

/** By the names that Node has for them, as texts in PEM. */
export interface TlsTexts {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * @param secure whether the scheme of the URL means TLS
 * @returns `undefined` for cleartext: where one of the members is given the connection is over TLS with any scheme
 */
export function tlsTexts({ tlsCa, tlsCert, tlsKey }: TlsMembers, secure: boolean): TlsTexts | undefined {
  if (!secure && tlsCa === undefined && tlsCert === undefined) return undefined;
  return {
    ...(tlsCa !== undefined && { ca: tlsCa }),
    ...(tlsCert !== undefined && tlsKey !== undefined && { cert: tlsCert, key: tlsKey }),
  };
}
