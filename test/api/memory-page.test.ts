import { expect, test } from "bun:test";
import { pageOf } from "../../src/api/memory-page.ts";

const items = ["a", "b", "c", "d", "e"];
const read = (limit: number, cursor?: string, kind = "letters") =>
  pageOf(kind, items, (item) => item, { limit, cursor });

test("pages of any size have every item once, in order, and the last one says so", () => {
  for (const limit of [1, 2, 4, 5, 9]) {
    const seen: string[] = [];
    let pages = 0;
    for (let cursor: string | undefined; ; pages++) {
      const { page, nextCursor } = read(limit, cursor);
      seen.push(...page);
      if (nextCursor === null) break;
      cursor = nextCursor;
    }
    expect([seen, pages + 1]).toEqual([items, Math.ceil(items.length / limit)]);
  }
});

test("a cursor goes on although its item has gone, and one of another list is refused", () => {
  const { nextCursor } = read(2);
  const without = items.filter((item) => item !== "b");
  const { page } = pageOf("letters", without, (item) => item, { limit: 9, cursor: nextCursor! });
  expect(page).toEqual(["c", "d", "e"]);
  for (const [cursor, kind] of [
    ["x", "letters"],
    [nextCursor!, "digits"],
  ] as const) {
    expect(() => read(2, cursor, kind)).toThrow("cursor is not one of this list");
  }
});
