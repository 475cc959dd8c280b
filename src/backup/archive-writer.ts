/** Writes a backup: the bytes of each entry go in, the bytes of the file come out. Runs on the thread of the backup. */
import { createHash, type Hash } from "node:crypto";
import { frameBytesMax, packFrame, sealOf } from "./frames.ts";
import { type BackupPart, type Manifest, manifestName } from "./manifest.ts";
import { type TarEntry, tarEnd, tarHeader, tarPadding } from "./tar.ts";

export class ArchiveWriter {
  readonly #seconds: number;
  readonly #hash = createHash("sha256");
  readonly #parts: BackupPart[] = [];
  #entry: (TarEntry & { readonly hash: Hash; written: number }) | undefined;

  /** @param seconds when the backup was begun, since 1970 */
  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  /** Begins an entry; `write` has to bring all of its bytes. @returns bytes of the file */
  begin(entry: TarEntry): Buffer {
    if (this.#entry !== undefined) throw new Error(`${this.#entry.name} is not complete`);
    this.#entry = { ...entry, hash: createHash("sha256"), written: 0 };
    return this.#pack(tarHeader(entry, this.#seconds));
  }

  /** @returns bytes of the file; behind the last of the entry they have its end, too */
  write(bytes: Buffer): Buffer {
    const entry = this.#entry;
    if (entry === undefined) throw new Error("no entry was begun");
    entry.hash.update(bytes);
    entry.written += bytes.length;
    if (entry.written > entry.bytes) throw new Error(`${entry.name} has more than ${entry.bytes} bytes`);
    if (entry.written < entry.bytes) return this.#pack(bytes);
    this.#entry = undefined;
    this.#parts.push({ name: entry.name, bytes: entry.bytes, sha256: entry.hash.digest("hex") });
    return this.#pack(bytes, tarPadding(entry.bytes));
  }

  /** A whole entry. */
  file(name: string, bytes: Buffer): Buffer {
    return Buffer.concat([this.begin({ name, bytes: bytes.length }), this.write(bytes)]);
  }

  /** The end of the file. */
  end(manifest: Omit<Manifest, "parts">): Buffer {
    const text = `${JSON.stringify({ ...manifest, parts: this.#parts }, undefined, 2)}\n`;
    const last = Buffer.concat([this.file(manifestName, Buffer.from(text)), this.#pack(tarEnd)]);
    return Buffer.concat([last, sealOf(this.#hash.digest())]);
  }

  #pack(...pieces: readonly Buffer[]): Buffer {
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    const frames: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += frameBytesMax) {
      const frame = packFrame(bytes.subarray(at, at + frameBytesMax));
      this.#hash.update(frame);
      frames.push(frame);
    }
    return Buffer.concat(frames);
  }
}
