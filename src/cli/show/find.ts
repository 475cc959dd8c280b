/** The messages that an id means: those of this id, and those that are known by it. */
import { listMessages } from "../../api/messages.ts";
import type { AnswerOf } from "../../api/operation-types.ts";
import { call, type Refusal } from "../call.ts";
import { requestOf } from "../request.ts";
import type { Session } from "../session.ts";

export type Summary = AnswerOf<"listMessages">["messages"][number];

/** Messages that are found at most, by each of the two names. */
const foundMax = 200;

export type Found = { readonly ok: true; readonly messages: readonly Summary[] } | Refusal;

/** In all apps that the key may read; the last updated first. @param minSeq see `min_seq` of the operation */
export async function findMessages(id: string, minSeq: unknown, session: Session): Promise<Found> {
  const { client, agent } = session;
  const shared = { order: "updated", limit: foundMax, ...(minSeq !== undefined && { min_seq: minSeq }) };
  const answers = await Promise.all(
    ["message_id", "external_id"].map((name) =>
      call(client, requestOf(listMessages, { [name]: id, ...shared }, undefined), agent),
    ),
  );
  const byKey = new Map<string, Summary>();
  for (const answer of answers) {
    if (!answer.ok) return answer;
    for (const message of (answer.value as AnswerOf<"listMessages">).messages) {
      byKey.set(JSON.stringify([message.app_id, message.message_id]), message);
    }
  }
  return { ok: true, messages: [...byKey.values()] };
}
