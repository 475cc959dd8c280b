import { expect, test } from "bun:test";
import { operations } from "../../src/api/operations.ts";
import { candidatesAt } from "../../src/cli/completion/candidates.ts";
import { ownCommands } from "../../src/cli/own-commands.ts";

const at = (...words: string[]) =>
  candidatesAt(words, { operations, own: ownCommands, others: ["serve", "config check"] });
const wordsAt = (...words: string[]) => {
  const found = at(...words);
  return found.kind === "words" ? found.words.map(({ word }) => word) : found.kind;
};

test("commands are completed word by word, without hidden ones", () => {
  const first = wordsAt("");
  expect(first).toContain("lifecycle");
  expect(first).toContain("config");
  expect(first).toContain("tail");
  expect(first).not.toContain("complete");
  expect(wordsAt("alerts", "sinks", "")).toEqual(["list", "get", "put", "delete", "test"]);
  expect(wordsAt("--url", "http://127.0.0.1:1", "config", "")).toEqual(["check"]);
});

test("flags, and their closed lists of values, are those of the command", () => {
  expect(wordsAt("list", "--")).toContain("--missing");
  expect(wordsAt("list", "--order", "")).toEqual(["newest", "oldest", "updated", "overdue"]);
  expect(wordsAt("list", "--order=")).toEqual(["newest", "oldest", "updated", "overdue"]);
  expect(wordsAt("list", "--order", "=", "o")).toContain("oldest");
  expect(wordsAt("lifecycle", "put", "shop", "-f", "")).toBe("files");
  expect(wordsAt("completion", "")).toEqual(["bash", "zsh", "fish"]);
});

test("other values are those of a field, with what stands before them", () => {
  expect(at("show", "shop", "ord")).toMatchObject({
    field: "message_id",
    given: new Map([["app_id", "shop"]]),
  });
  expect(at("list", "--limit", "3", "--app", "")).toMatchObject({ kind: "values", field: "app_id" });
  expect(at("alerts", "rules", "get", "")).toMatchObject({ field: "id", command: "alerts rules get" });
  expect(at("tail", "")).toMatchObject({ field: "topic" });
  expect(wordsAt("show", "a", "b", "")).toEqual([]);
});
