/** What can be done with the message. */
import { publicOrigin } from "../../data/account.ts";
import { addressOf } from "../../data/call.ts";
import type { Message } from "../../data/message-events.ts";
import { messageAddress } from "../../data/route.ts";
import { Copy } from "../../parts/copy.tsx";

export function Actions({ message }: { message: Message }) {
  const { app_id, message_id } = message;
  const read = location.origin + addressOf("getMessage", { app_id, message_id });
  return (
    <>
      <Copy label="Copy id" text={message_id} />
      <Copy label="Copy link" text={publicOrigin() + messageAddress(message)} />
      <Copy label="Copy curl" text={`curl '${read.replaceAll("'", "%27")}'`} />
    </>
  );
}
