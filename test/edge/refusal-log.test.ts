import { describe, expect, test } from "bun:test";
import { MarsError } from "../../src/core/error.ts";
import { RefusalLog } from "../../src/edge/refusal-log.ts";

function refusals() {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const clock = { now: 0 };
  const warn = (_: string, fields: Readonly<Record<string, unknown>> = {}) => void lines.push(fields);
  return { lines, clock, log: new RefusalLog({ warn }, () => clock.now) };
}

const invalid = new MarsError("invalid_argument", "event is missing");

describe("refused events", () => {
  test("are logged at once, then once a minute with the number since", () => {
    const { lines, clock, log } = refusals();
    log.request("rest", invalid, "order-7");
    log.request("rest", invalid);
    log.events("rest", "invalid_argument", 3);
    clock.now = 60_000;
    log.request("rest", invalid);
    const line = {
      event: "events_refused",
      door: "rest",
      reason: "invalid_argument",
      detail: "event is missing",
    };
    expect(lines).toEqual([
      { ...line, refused: 1, request_id: "order-7" },
      { ...line, refused: 5 },
    ]);
  });

  test("have a line for each protocol and reason", () => {
    const { lines, log } = refusals();
    log.request("rest", invalid);
    log.request("grpc", invalid);
    log.request("rest", new MarsError("overloaded", "the journal is full"));
    log.events("otlp", "no_message_id", 2);
    expect(lines.map(({ door, reason, refused }) => [door, reason, refused])).toEqual([
      ["rest", "invalid_argument", 1],
      ["grpc", "invalid_argument", 1],
      ["rest", "overloaded", 1],
      ["otlp", "no_message_id", 2],
    ]);
  });

  test("of denied callers have the lines of denials, and none here", () => {
    const { lines, log } = refusals();
    log.request("rest", new MarsError("permission_denied", "not for this key"));
    log.events("rest", "invalid_argument", 0);
    expect(lines).toEqual([]);
  });
});
