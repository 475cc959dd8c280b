/** Ids in paths. Not by Hono's parameters: they let a broken percent-encoding pass. */
import { checkAppId } from "../parse-query.ts";
import { decodeSegment } from "./query-string.ts";
import type { HttpContext } from "./router.ts";

/**
 * The app of `/api/apps/{app}/…`.
 *
 * @throws `MarsError` `malformed` for a broken percent-encoding, `invalid_argument` for what can be no app's id
 */
export function appOf(c: HttpContext): string {
  return checkAppId(decodeSegment(c.req.path.split("/")[3] ?? "", "app_id"));
}
