/** Reads a backup from its first byte to its last, and finds every byte that is not as it was written. */
import { createHash } from "node:crypto";
import { DamagedBackup, unpackFrames } from "./frames.ts";
import { type BackupPart, type Manifest, manifestBytesMax, manifestName, parseManifest } from "./manifest.ts";
import { parseTarHeader, tarBlockBytes } from "./tar.ts";

/** Where the contents of an entry go. */
export interface EntryTarget {
  write(bytes: Buffer): Promise<void>;
  /** All has been written. */
  end(): Promise<void>;
}

/**
 * @param chunks of the file
 * @param open called at each entry, before its contents come; the name is not checked
 * @returns the manifest, when all is as it was written. What `open` has got before counts only then
 * @throws `DamagedBackup`, and what the targets throw
 */
export async function readArchive(
  chunks: AsyncIterable<Uint8Array>,
  open: (name: string, bytes: number) => Promise<EntryTarget>,
): Promise<Manifest> {
  const frames = unpackFrames(chunks);
  const tar = new TarInput(frames);
  const parts: BackupPart[] = [];
  let manifest: Manifest | undefined;
  for (let entry = await nextEntry(tar); entry !== undefined; entry = await nextEntry(tar)) {
    const { name, bytes } = entry;
    if (name === manifestName) {
      if (bytes > manifestBytesMax)
        throw new DamagedBackup("the backup is damaged: its manifest is too long");
      manifest = parseManifest((await tar.read(bytes)).toString("utf8"));
    } else {
      const target = await open(name, bytes);
      const hash = createHash("sha256");
      for await (const piece of tar.pieces(bytes)) {
        hash.update(piece);
        await target.write(piece);
      }
      await target.end();
      parts.push({ name, bytes, sha256: hash.digest("hex") });
    }
    await tar.skip((tarBlockBytes - (bytes % tarBlockBytes)) % tarBlockBytes);
  }
  // To the seal, which says that all of this is true.
  for await (const _ of frames);
  if (manifest === undefined) throw new DamagedBackup("this is no backup of Mars: it has no manifest");
  if (JSON.stringify(parts) !== JSON.stringify(manifest.parts))
    throw new DamagedBackup("the backup is damaged: its files are not those of its manifest");
  return manifest;
}

async function nextEntry(tar: TarInput) {
  const block = await tar.read(tarBlockBytes);
  try {
    return parseTarHeader(block);
  } catch (cause) {
    throw new DamagedBackup(`the backup is damaged: ${(cause as Error).message}`, { cause });
  }
}

/** The frames' contents as one row of bytes. */
class TarInput {
  readonly #frames: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(frames: AsyncIterator<Buffer>) {
    this.#frames = frames;
  }

  async *pieces(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0; ) {
      if (this.#held.length === 0) {
        const { done, value } = await this.#frames.next();
        if (done === true) throw new DamagedBackup("the backup is damaged: a file in it is cut off");
        this.#held = value;
      }
      const piece = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async read(length: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.pieces(length)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async skip(length: number): Promise<void> {
    for await (const _ of this.pieces(length));
  }
}
