import { expect, test } from "bun:test";
import fc from "fast-check";
import { TrieRouter } from "hono/router/trie-router";
import { RouteTree } from "../../../src/edge/http/route-tree.ts";

const routes = [
  "/",
  "/api",
  "/api/sessions/current",
  "/api/sessions/:id",
  "/api/apps/:app_id/messages/:message_id",
  "/api/apps/:app_id/messages/:message_id/events",
  "/api/apps/:app_id/lifecycle",
  "/api/apps/known/:what",
  "/badge/:file",
  "/docs/*",
  "/docs/openapi.json",
];
const methods = ["GET", "POST"];

function routers() {
  const tree = new RouteTree<string>();
  const hono = new TrieRouter<string>();
  for (const path of routes) {
    for (const router of [tree, hono]) {
      router.add("GET", path, `GET ${path}`);
      if (path.length % 2 === 0) router.add("POST", path, `POST ${path}`);
    }
  }
  return { tree, hono };
}

const handlersOf = (router: RouteTree<string> | TrieRouter<string>, method: string, path: string) =>
  router.match(method, path)[0].map(([handler]) => handler);

test("a path finds a handler where Hono's own router finds some, and one of these", () => {
  const { tree, hono } = routers();
  const segment = fc.constantFrom(
    ...["api", "sessions", "current", "apps", "known", "messages", "events", "lifecycle", "docs", "badge"],
    ...["", "a%2Fb", "openapi.json", "x", "..", "constructor"],
  );
  const path = fc.array(segment, { minLength: 1, maxLength: 7 }).map((parts) => `/${parts.join("/")}`);
  fc.assert(
    fc.property(fc.constantFrom(...methods), fc.oneof(path, fc.constantFrom(...routes)), (method, path) => {
      const found = handlersOf(tree, method, path);
      const expected = handlersOf(hono, method, path);
      expect(found).toHaveLength(Math.min(1, expected.length));
      if (found.length > 0) expect(expected).toContain(found[0]!);
    }),
    { numRuns: 5_000 },
  );
});

test("a literal segment goes before a parameter, and a parameter before all that is below", () => {
  const { tree } = routers();
  expect(handlersOf(tree, "GET", "/api/sessions/current")).toEqual(["GET /api/sessions/current"]);
  expect(handlersOf(tree, "GET", "/api/sessions/1")).toEqual(["GET /api/sessions/:id"]);
  expect(handlersOf(tree, "GET", "/docs/openapi.json")).toEqual(["GET /docs/openapi.json"]);
  expect(handlersOf(tree, "GET", "/docs/a/b")).toEqual(["GET /docs/*"]);
});

test("where the literal leads nowhere, the parameter is tried", () => {
  const { tree } = routers();
  expect(handlersOf(tree, "GET", "/api/apps/known/lifecycle")).toEqual(["GET /api/apps/known/:what"]);
  expect(handlersOf(tree, "GET", "/api/apps/known/messages/7")).toEqual([
    "GET /api/apps/:app_id/messages/:message_id",
  ]);
});
