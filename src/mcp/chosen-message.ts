/** Which message an agent means: people name messages by an id of any system, and seldom say of which app. */
import { listMessages } from "../api/messages.ts";
import { MarsError } from "../core/error.ts";
import type { Ask } from "./tool.ts";
import { quote } from "./words.ts";

/** Of several that match; more would not help to choose. */
const candidatesMax = 10;

export interface MessageName {
  readonly app_id: string;
  readonly message_id: string;
}

/**
 * The message with this id, or with this external id where there is none.
 *
 * Rejects with `MarsError` `not_found` for none, and `invalid_argument` with their names for several.
 */
export async function chosenMessage(ask: Ask, id: unknown, appId?: unknown): Promise<MessageName> {
  for (const name of ["message_id", "external_id"]) {
    const { messages } = await ask(listMessages, { app_id: appId, [name]: id, limit: candidatesMax });
    const [first, ...others] = messages;
    if (first === undefined) continue;
    if (others.length === 0) return { app_id: first.app_id, message_id: first.message_id };
    const names = messages.map(
      ({ app_id, message_id }) => `app_id ${quote(app_id)} message_id ${quote(message_id)}`,
    );
    throw new MarsError(
      "invalid_argument",
      `several messages have this ${name}: call again for one of them: ${names.join("; ")}`,
    );
  }
  throw new MarsError("not_found", "no message with this id, or with this external id, is stored");
}
