/** The text of a record: what earlier ones have written stays readable. */
import { expect, test } from "bun:test";
import { changeKinds } from "../../src/core/change-record.ts";
import type { SequencedEvent } from "../../src/core/event.ts";
import { decodeRecord, encodeEvents } from "../../src/journal/journal-format.ts";
import { event } from "../support/store.ts";

const decode = (body: string) => decodeRecord({ firstSeq: 7, lastSeq: 8, body }) as readonly SequencedEvent[];

test("a record from before there were parents is read, and one without parents is written like it", () => {
  const body = '[1,["shop","m","paid",5,6,"e","x","{}"],["shop","m","sent",7,8,"","",""]]';
  const events = decode(body);
  expect(events).toEqual([
    {
      ...{ appId: "shop", messageId: "m", event: "paid", createdAt: 5, receivedAt: 6, eventId: "e" },
      ...{ externalId: "x", parentId: "", attributes: "{}", seq: 7 },
    },
    {
      ...{ appId: "shop", messageId: "m", event: "sent", createdAt: 7, receivedAt: 8, eventId: "" },
      ...{ externalId: "", parentId: "", attributes: "", seq: 8 },
    },
  ]);
  expect(encodeEvents(events)).toBe(body);
});

test("a record with a parent is of another format, so that an earlier Mars refuses it instead of losing that", () => {
  const sent = [event(7, { parentId: "batch" }), event(8)];
  const body = encodeEvents(sent);
  expect(body).toStartWith("[2,");
  expect(decode(body)).toEqual(sent);
});

test("so is one with a trace, with or without a parent", () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const sent = [
    event(7, { traceparent }),
    event(8, { parentId: "batch" }),
    event(9, { parentId: "b", traceparent }),
  ];
  const body = encodeEvents(sent);
  expect(body).toStartWith("[3,");
  expect(decode(body)).toEqual(sent);
});

test("a record of another kind, of a later version or of none is an error that names it", () => {
  expect(() => decode("[4]")).toThrow(
    'kind "events", version 4, at seq 7, and this Mars reads up to version 3',
  );
  expect(() => decode('["moon_phase",1,{}]')).toThrow('kind "moon_phase", version 1, at seq 7');
  expect(() => decode('["constructor",1]')).toThrow("does not know that kind");
  for (const body of ["[]", "[0]", "{}", "", '["moon_phase"]']) expect(() => decode(body)).toThrow("kind");
});

test("the kinds of changes that earlier ones have written stay readable", () => {
  const body = '["alert_rule_put",1,1700000000000000,[{"id":"r"},null,5]]';
  expect(decodeRecord({ firstSeq: 9, lastSeq: 9, body })).toEqual({
    seq: 9,
    change: { method: "putAlertRule", at: 1_700_000_000_000_000, args: '[{"id":"r"},null,5]' },
  });
  expect(() => decodeRecord({ firstSeq: 9, lastSeq: 9, body: body.replace(",1,", ",2,") })).toThrow(
    'kind "alert_rule_put", version 2, at seq 9, and this Mars reads up to version 1',
  );
  expect(Object.values(changeKinds)).toEqual(released);
  for (const [kind] of Object.values(changeKinds)) expect(kind).toMatch(/^[a-z_]{1,40}$/);
});

/** One that is missing here, or has another version, cannot be read by this Mars any more. */
const released = [
  ["lifecycle_put", 1],
  ["attributes_put", 1],
  ["app_retention_put", 1],
  ["app_retention_deleted", 1],
  ["findings_marked", 1],
  ["keys_put", 1],
  ["key_deleted", 1],
  ["sessions_changed", 1],
  ["alert_rule_put", 1],
  ["alert_rule_deleted", 1],
  ["alert_sink_put", 1],
  ["alert_sink_deleted", 1],
  ["alert_calendar_put", 1],
  ["alert_calendar_deleted", 1],
  ["alert_silence_added", 1],
  ["alert_silence_deleted", 1],
  ["view_put", 1],
  ["view_deleted", 1],
  ["declared_things_put", 1],
  ["source_put", 1],
  ["source_deleted", 1],
  ["broker_collector_put", 1],
  ["broker_collector_deleted", 1],
  ["broker_collector_paused", 1],
] as unknown as ReturnType<typeof Object.values<(typeof changeKinds)[keyof typeof changeKinds]>>;
