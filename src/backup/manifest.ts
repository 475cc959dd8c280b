/** `manifest.json`, the last entry of a backup: what is in it, and from when. */

/** One file of the backup. */
export interface BackupPart {
  readonly name: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

export interface Manifest {
  /** Of this layout. */
  readonly format: 1;
  /** Of the Mars that made it. */
  readonly mars_version: string;
  /** The steps of the schema that the database has. */
  readonly schema_version: number;
  readonly journal_id: string;
  /** When it was begun and when it was complete, RFC 3339. */
  readonly began_at: string;
  readonly ended_at: string;
  /** The database has every event up to here, and all else as it was at `began_at`. */
  readonly snapshot_seq: number;
  /** The journal has the events behind it up to here: all that were acknowledged when the copy of the database was complete. */
  readonly seq: number;
  readonly parts: readonly BackupPart[];
}

export const manifestName = "manifest.json";
export const databaseName = "messages.db";
export const keysName = "keys.json";
/** Before the name of a segment. */
export const journalPrefix = "journal/";

/** Far more than the parts of the largest journal need. */
export const manifestBytesMax = 4 * 1024 * 1024;

/** Throws for another format. */
export function parseManifest(text: string): Manifest {
  const manifest = JSON.parse(text) as Partial<Manifest>;
  if (manifest.format !== 1)
    throw new Error(`the backup has format ${String(manifest.format)}, this Mars reads 1: upgrade it`);
  return manifest as Manifest;
}
