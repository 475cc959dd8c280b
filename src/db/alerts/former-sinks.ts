/** What becomes of a sink that is replaced or deleted while it has something to get. */
import type { InStatement } from "@libsql/client";
import { type AlertSink, isSameReceiver, lostAddresses, sinksMax } from "../../alerting/sink.ts";
import type { Micros } from "../../core/event.ts";
import { formerSinksSql } from "../../gen/sql.ts";

/**
 * A sink that is exchanged or deleted goes on under an id that no user can choose, for as long as it has something to get.
 *
 * @param at makes that id another than those of its other former receivers
 * @param text the sink as it was; `undefined` where there was none
 * @param now the sink that takes its place
 */
export function keepFormer(at: Micros, id: string, text: string | undefined, now?: AlertSink): InStatement[] {
  if (text === undefined || (now !== undefined && isSameReceiver(text, now))) return [];
  const former = `${id}#${at}`;
  const addresses = lostAddresses(text, now);
  // Who stays is notified of the end by the sink itself, and once.
  if (addresses?.keeps && now?.type === "email") {
    const back = [
      { sql: formerSinksSql.takeBack, args: [id, JSON.stringify(now.to)] },
      formerSinksSql.forgetEmpty,
    ];
    if (addresses.lost.length === 0) return [...back, formerSinksSql.dropGone];
    return [
      ...back,
      { sql: formerSinksSql.keepLost, args: [text, former, at, JSON.stringify(addresses.lost)] },
      { sql: formerSinksSql.addToIncidents, args: [id, former] },
      { sql: formerSinksSql.copyDeliveries, args: [id, former] },
      { sql: formerSinksSql.forget, args: [sinksMax] },
      formerSinksSql.dropGone,
    ];
  }
  return [
    { sql: formerSinksSql.keep, args: [text, former, at] },
    { sql: formerSinksSql.moveIncidents, args: [id, former] },
    { sql: formerSinksSql.moveDeliveries, args: [id, former] },
    { sql: formerSinksSql.dropDeliveries, args: [id] },
    { sql: formerSinksSql.forget, args: [sinksMax] },
    formerSinksSql.dropGone,
  ];
}
