/** `POST /api/backup`: all of Mars as one file, made while it is read. A POST, since it leaves an entry in the audit. */
import { authorOf } from "../../core/audit.ts";
import { MarsError } from "../../core/error.ts";
import { pacedBody } from "../paced-body.ts";
import type { EdgeParts } from "../parts.ts";
import { requestIdOf } from "../request-id.ts";
import { assertNoQuery } from "./query-string.ts";
import { callerOf, type Router } from "./router.ts";

/** As in `Author.action`. */
const action = "createBackup";

export function addBackupRoute(
  router: Router,
  { access, backups, budget, log }: Pick<EdgeParts, "access" | "backups" | "budget" | "log">,
): void {
  router.post("/api/backup", async (c) => {
    const caller = callerOf(c, access);
    const { identity, peer } = caller;
    identity.assertMay("admin");
    if (!identity.allApps)
      throw new MarsError("permission_denied", "a backup has every app, and this key is not for all of them");
    assertNoQuery(c.req.url);
    c.env?.keepOpen?.(c.req.raw);
    const pieces = await backups.begin(authorOf(caller, action));
    const checked: AsyncIterator<Uint8Array> = {
      async next() {
        try {
          // A key that ends meanwhile gets no more of it.
          identity.assertMay("admin");
          return await pieces.next();
        } catch (thrown) {
          await pieces.return?.();
          const error = MarsError.from(thrown);
          if (error.ours)
            log.error("request failed", {
              event: "request_failed",
              request_id: requestIdOf(c.req.raw),
              error,
            });
          throw error;
        }
      },
      return: async () => (await pieces.return?.()) ?? { done: true, value: undefined },
    };
    const name = `mars-${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}.tar.zst`;
    return new Response(pacedBody(checked, { budget, peer }), {
      headers: {
        "content-type": "application/zstd",
        "content-disposition": `attachment; filename="${name}"`,
        "cache-control": "no-store",
      },
    });
  });
}
