import { expect, test } from "bun:test";
import { nearest } from "../../src/core/nearest.ts";

const names = ["app_id", "stage", "limit", "cursor", "since", "until", "app_ids"];

test("a name is near in which some letters differ, or that goes on after an underscore or a dash", () => {
  for (const [text, name] of [
    ["limt", "limit"],
    ["sicne", "since"],
    ["appid", "app_id"],
    ["app", "app_id"],
    ["cursors", "cursor"],
  ] as const) {
    expect(nearest(text, names)).toBe(`: did you mean ${name}?`);
  }
  expect(nearest("--key", ["--url", "--key-file"])).toBe(": did you mean --key-file?");
});

test("none is near where half of the letters would have to be others", () => {
  for (const text of ["page", "a", "unit_", "xyz", ""])
    expect([text, nearest(text, names)]).toEqual([text, ""]);
  expect(nearest("--all", ["--url", "--json"])).toBe("");
});
