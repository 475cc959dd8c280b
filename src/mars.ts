/** A Mars that is up. */
export interface Mars {
  /** The real ports. */
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Resolves, with the reason, if Mars cannot go on. */
  readonly failed: Promise<Error>;
  /** Reads the files of the certificate again. */
  reloadCertificates(): Promise<void>;
  /** Stores accepted events, closes clients so that they connect elsewhere, and releases everything. */
  stop(): Promise<void>;
}
