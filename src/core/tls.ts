/** TLS, as servers and figures need it. */

/** With which both ports speak TLS. PEM texts. */
export interface TlsPair {
  /** The server's certificate, then its chain. */
  readonly cert: string;
  readonly key: string;
  /** Certificates of those who issue clients' certificates; `undefined` where clients are asked for none. */
  readonly clientCa: string | undefined;
  /** Whether the handshake of a client without a valid certificate fails. */
  readonly clientRequired: boolean;
}

/** In `GET /api/q/stats`. */
export interface TlsStats {
  /** The names that the certificate is for. */
  readonly names: readonly string[];
  /** RFC 3339; the earliest end of a certificate in the chain. */
  readonly expires_at: string;
  /** How often a changed pair was taken, and how often one was refused. */
  readonly reloads: number;
  readonly failures: number;
  /** Why the files as they are now are not in use; empty when they are. */
  readonly last_error: string;
}
