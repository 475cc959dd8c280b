import { expect, test } from "bun:test";
import { answerSchema, type Json } from "../../src/api/json-schema.ts";
import { operations } from "../../src/api/operations.ts";
import { harmlessJson, widthOf } from "../../src/cli/cell.ts";
import { firstColumns } from "../../src/cli/columns.ts";
import { tableOf } from "../../src/cli/table.ts";
import { viewOf } from "../../src/cli/view.ts";

const style = { columns: 80, colour: false };
const rows = [
  {
    seq: 7,
    app_id: "shop",
    message_id: "order-1",
    at: "2026-01-31T12:00:00.000000Z",
    state: "overdue",
    note: "",
  },
  { seq: 12, app_id: "shop", message_id: "注文-2", at: null, state: "open", note: "x".repeat(60) },
];

test("a page is a table, aligned, with numbers to the right", () => {
  const short = rows.map(({ note: _, ...row }) => row);
  expect(viewOf({ messages: short, next_cursor: null, as_of_seq: 3 }, style)).toBe(
    [
      "SEQ  APP_ID  MESSAGE_ID  AT                   STATE",
      "  7  shop    order-1     2026-01-31 12:00:00  overdue",
      " 12  shop    注文-2      -                    open",
      "",
    ].join("\n"),
  );
});

test("a narrow terminal has fewer columns, and ids in full", () => {
  const id = "m".repeat(50);
  const table = tableOf([{ ...rows[0], message_id: id }], { columns: 70, colour: false });
  expect(table).toBe(`APP_ID  MESSAGE_ID${" ".repeat(40)}  STATE\nshop    ${id}  overdue\n`);
  expect(tableOf([{ ...rows[0], message_id: id }], { columns: 20, colour: false })).toContain(id);
});

test("columns are left out by their use: lists and members of members go before scalars, ids and states never", () => {
  const row = {
    seq: 1,
    id: 4,
    names: ["a", "b"],
    inner: { app_id: "x", count: 3 },
    at: "2026-01-31",
    kind: "late",
  };
  const headers = [60, 34, 24, 10].map(
    (columns) => tableOf([row], { columns, colour: false }).split("\n")[0],
  );
  expect(headers.map((header) => header?.split(/ +/).filter(Boolean))).toEqual([
    ["SEQ", "ID", "NAMES", "INNER.APP_ID", "INNER.COUNT", "AT", "KIND"],
    ["ID", "INNER.COUNT", "AT", "KIND"],
    ["ID", "AT", "KIND"],
    ["ID", "KIND"],
  ]);
});

test("a long text is cut where there is no room, and no line is wider than the terminal", () => {
  for (const columns of [60, 80, 100, 200]) {
    const lines = tableOf(rows, { columns, colour: false }).trimEnd().split("\n");
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
  }
  expect(tableOf(rows, { columns: 200, colour: false })).toContain("x".repeat(60));
  expect(tableOf(rows, { columns: 100, colour: false })).toMatch(/x{20,}…/);
});

test("one object is lines of names and values, its rows are tables, and members of members have their path", () => {
  const answer = {
    version: 2,
    lifecycle: { grace: "1s", complete_on: ["a", "b"], stages: [{ event: "a" }] },
    none: [],
  };
  expect(viewOf(answer, style)).toBe(
    [
      "version                2",
      "lifecycle.grace        1s",
      "lifecycle.complete_on  a, b",
      "none                   none",
      "",
      "lifecycle.stages",
      "EVENT",
      "a",
      "",
    ].join("\n"),
  );
});

test("words of state have a colour, where colours are wanted", () => {
  expect(tableOf(rows, { ...style, colour: true })).toContain("\u001b[31moverdue\u001b[0m");
  expect(tableOf(rows, style)).not.toContain("\u001b");
});

test("nothing that a terminal acts upon gets to it from an id, a name or JSON", () => {
  const id = "a\u001b]0;x\u0007\u009b31m\n\u202eb";
  const active = /(?!\n)[\p{Cc}\u202e]/u;
  const table = tableOf([{ message_id: id }], style);
  expect(table).not.toMatch(active);
  expect(table).toBe("MESSAGE_ID\na\\u001b]0;x\\u0007\\u009b31m\\u000a\\u202eb\n");
  const json = `${JSON.stringify({ id })}\n`;
  expect(harmlessJson(json)).not.toMatch(active);
  expect(JSON.parse(harmlessJson(json))).toEqual({ id });
});

test("durations and times are for readers, in the zone of the machine; ids and attributes stay as they are", () => {
  const zone = process.env.TZ;
  process.env.TZ = "Europe/Berlin";
  try {
    const time = "2026-01-31T23:30:00.123456Z";
    const row = {
      message_id: time,
      due_at: time,
      overdue_for_ms: 185_000,
      normal_p99_ms: null,
      attributes: { took_ms: 5, at: time },
    };
    expect(tableOf([row, { ...row, normal_p99_ms: 0.25 }], { columns: 200, colour: false })).toBe(
      [
        "MESSAGE_ID                   DUE_AT               OVERDUE_FOR  NORMAL_P99  ATTRIBUTES.TOOK_MS  ATTRIBUTES.AT",
        `${time}  2026-02-01 00:30:00    3 min 5 s           -                   5  ${time}`,
        `${time}  2026-02-01 00:30:00    3 min 5 s      250 µs                   5  ${time}`,
        "",
      ].join("\n"),
    );
    expect(viewOf({ p50_ms: 1_500, since: time }, style)).toBe("p50    1.5 s\nsince  2026-02-01 00:30:00\n");
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
});

test("the columns that a list is read for get their room first", () => {
  const row = { id: 4, run: 1, kind: "missing", stage: "paid", overdue_for_ms: 3_600_000 };
  const header = (first: readonly string[]) =>
    tableOf([row], { columns: 26, colour: false }, first).split("\n")[0];
  expect(header([])).toBe("ID  RUN  KIND     STAGE");
  expect(header(firstColumns("stuck"))).toBe("ID  STAGE  OVERDUE_FOR");
});

test("what a list is read for are members of its rows", () => {
  for (const command of ["stuck", "findings", "list"]) {
    const schema = answerSchema(operations.find((one) => one.command === command)!);
    const rows = Object.values(schema.properties ?? {}).find(({ items }) => items !== undefined);
    const members = Object.keys((rows?.items as Json | undefined)?.properties ?? {});
    expect(members).toEqual(expect.arrayContaining([...firstColumns(command)]));
  }
});
