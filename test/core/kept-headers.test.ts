/** The headers that stay beside a message. */
import { expect, test } from "bun:test";
import { keptHeaders, keptHeadersBytesMax } from "../../src/core/kept-headers.ts";

test("headers that look like secrets keep their names alone", () => {
  expect(
    keptHeaders({
      "x-github-event": "push",
      "x-hub-signature-256": "sha256=00",
      authorization: "Bearer abc",
      "x-gitlab-token": "abc",
      "x-api-key": "abc",
      cookie: "a=b",
    }),
  ).toEqual({
    "x-github-event": "push",
    "x-hub-signature-256": "sha256=00",
    authorization: "(hidden)",
    "x-gitlab-token": "(hidden)",
    "x-api-key": "(hidden)",
    cookie: "(hidden)",
  });
});

test("a header that does not fit is left out, and those behind it are kept", () => {
  const kept = keptHeaders({ long: "x".repeat(keptHeadersBytesMax), short: "y", bad: "\ud800" });
  expect(kept).toEqual({ short: "y", bad: "\ufffd" });
});
