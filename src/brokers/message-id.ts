/** Ids of messages that are the same whenever their broker sends them, and of no other message. */
import { createHash } from "node:crypto";
import { messageIdCharsMax } from "./engine.ts";

/**
 * `nats:orders@lq2x:42`. Of a long name there is its SHA-256 instead.
 *
 * @param space the engine
 * @param name of the stream or queue, and what is another for another one of the same name
 * @param place within it
 */
export function messageIdOf(space: string, name: string, place: string): string {
  const id = `${space}:${name}:${place}`;
  // Three bytes is the most that UTF-8 spends on one UTF-16 unit.
  if (id.length * 3 <= messageIdCharsMax || Buffer.byteLength(id) <= messageIdCharsMax) return id;
  return `${space}:sha256:${createHash("sha256").update(`${name}:${place}`).digest("hex")}`;
}

/** The place of a message whose broker has no other for it: two with the same content are one. */
export function contentPlace(body: Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}
