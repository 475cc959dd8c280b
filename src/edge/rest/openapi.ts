/** `GET /openapi.json`. */
import { openApiOf } from "../../api/openapi.ts";
import { operations } from "../../api/operations.ts";
import type { EdgeParts } from "../parts.ts";
import { answerJson } from "./answer.ts";
import { assertNoQuery } from "./query-string.ts";
import type { Router } from "./router.ts";

export function addOpenApiRoute(router: Router, { version }: Pick<EdgeParts, "version">): void {
  // Made at the first request: a start does not wait for it.
  let text: string | undefined;
  router.get("/openapi.json", (c) => {
    assertNoQuery(c.req.url);
    text ??= JSON.stringify(openApiOf(operations, version));
    return answerJson(c, text);
  });
}
