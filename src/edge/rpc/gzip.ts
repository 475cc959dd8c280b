/** gzip, bounded, for Connect and for the lean gRPC path. */
import { promisify } from "node:util";
import { gunzip, gunzipSync, gzip } from "node:zlib";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";

/** Answers shorter than this are not worth compressing. */
export const compressBytesMin = 1024;

/** Below this, a trip to the thread pool costs more than it takes off the event loop. */
const asyncBytesMin = 4096;

const gunzipAsync = promisify(gunzip);
const gzipAsync = promisify(gzip);

export const gzipCompression: Compression = {
  name: "gzip",
  async compress(bytes) {
    return unshared(await gzipAsync(bytes));
  },
  /** Throws RESOURCE_EXHAUSTED as soon as there are more than `bytesMax`, and INVALID_ARGUMENT for what is not gzip. */
  async decompress(bytes, bytesMax) {
    if (bytes.byteLength === 0) return new Uint8Array(0);
    const options = { maxOutputLength: bytesMax };
    try {
      if (bytes.byteLength < asyncBytesMin) return unshared(gunzipSync(bytes, options));
      return unshared(await gunzipAsync(bytes, options));
    } catch (error) {
      const tooLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
      throw tooLarge
        ? new ConnectError(
            `message is larger than ${bytesMax} bytes after decompression`,
            Code.ResourceExhausted,
          )
        : new ConnectError("message is not valid gzip", Code.InvalidArgument);
    }
  },
};

/** The type says what is true of every buffer that zlib makes; Connect asks for it. */
function unshared(buffer: Buffer): Uint8Array<ArrayBuffer> {
  return buffer as Uint8Array<ArrayBuffer>;
}
