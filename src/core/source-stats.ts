/** What has become of the deliveries of a source: see `sources/`. */

/** Since the start. */
export interface SourceStats {
  /** Deliveries by what became of them; `unverified` are not the sender's, `late` took too long to map. */
  readonly deliveries: Readonly<
    Record<"accepted" | "partly" | "ignored" | "rejected" | "failed" | "unverified" | "late", number>
  >;
  readonly events: number;
  /** Items that are no events. */
  readonly dropped: number;
  /** Deliveries that were not kept: their bodies are too large, or the database was away for too long. */
  readonly not_kept: number;
  /** RFC 3339; empty for none. */
  readonly last_at: string;
  readonly last_error: string;
  readonly last_error_at: string;
}
