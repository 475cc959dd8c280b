/** The history of findings as the history of their topics. */
import type { Finding } from "../lifecycle/finding.ts";
import type { FindingReader } from "../lifecycle/finding-query.ts";
import type { History } from "./hub.ts";

export function findingHistory(reader: Pick<FindingReader, "findingHistory">): History<Finding> {
  return {
    async history({ topic: { appId, messageId }, after, upTo }) {
      const ids = { ...(appId !== undefined && { appId }), ...(messageId !== undefined && { messageId }) };
      const { findings, to, prunedTo } = await reader.findingHistory({ ...ids, after, upTo });
      return { events: findings, to, prunedTo };
    },
  };
}
