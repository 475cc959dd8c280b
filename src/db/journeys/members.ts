/** The messages of a journey, as far as they are looked at. */
import type { InStatement, Row } from "@libsql/client";
import type { MessageKey } from "../../core/event.ts";
import { compareText } from "../../core/fold.ts";
import { journeyMessagesMax } from "../../core/journey.ts";
import { appRights } from "../../core/rights.ts";
import { journeysSql } from "../../gen/sql.ts";
import { keyOf } from "../messages/event-rows.ts";
import { namedRows } from "../rows.ts";

export interface Member extends MessageKey {
  /** The message's number. */
  readonly id: number;
  readonly eventCount: number;
  /** The first of its events that makes it a part of the journey. */
  readonly joined: number;
}

const columns = ["id", "app_id", "message_id", "event_count", "joined"];

/** @param rows of `journeyMembers`. @returns the messages, with the columns of a page of messages */
export function memberRows(rows: readonly Row[] | undefined): Row[] {
  return namedRows(rows, columns);
}

/** One more than are looked at, for `memberRows`. */
export function journeyMembers(externalId: string): InStatement {
  return { sql: journeysSql.members, args: [externalId, journeyMessagesMax + 1] };
}

/**
 * @param rows of `memberRows`
 * @param apps patterns of the apps whose messages are asked for; absent for all
 * @returns in the order in which they began, and whether there are more
 */
export function membersOf(rows: readonly Row[], apps?: readonly string[]) {
  const { mayApp } = appRights(apps ?? ["*"]);
  const members = rows.slice(0, journeyMessagesMax).map((row): Member => {
    const [id, eventCount, joined] = [row.id, row.event_count, row.joined].map(Number);
    return { ...keyOf(row), id: id!, eventCount: eventCount!, joined: joined! };
  });
  return {
    members: members.filter(({ appId }) => mayApp(appId)),
    more: rows.length > journeyMessagesMax,
  };
}

/** The order in which a journey shows its messages. Total. */
export function compareKeys(a: MessageKey, b: MessageKey): number {
  return compareText(a.appId, b.appId) || compareText(a.messageId, b.messageId);
}
