/** Ids of messages that are the same whenever their broker sends them, and of no other message. */
import { hash } from "node:crypto";
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
  return `${space}:sha256:${hash("sha256", `${name}:${place}`, "hex")}`;
}

/** Digits of a hash that stands beside another place: enough that no two messages of one place have the same. */
const besideDigits = 32;

/**
 * A place with the content behind it. Of a broker that says nothing of itself which stays, another one may have the same place for another message:
 * a server beside it, a queue that was made again, a producer that numbers its messages from the beginning.
 */
export function placeWithContent(place: string, body: Uint8Array | string): string {
  return `${place}:${contentPlace(body).slice(0, besideDigits)}`;
}

/** The place of a message whose broker has no other for it: two with the same content are one. */
export function contentPlace(body: Uint8Array | string): string {
  return hash("sha256", body, "hex");
}
