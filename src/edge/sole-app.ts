/** The app that a key stands for. */
import type { AppRights } from "../core/rights.ts";

/**
 * The only app of a caller's key, which records of other formats belong to, not to one that they name; `undefined` for a key of several apps or
 * of a pattern.
 */
export function soleApp({ apps }: Pick<AppRights, "apps">): string | undefined {
  const [app, ...others] = apps;
  return others.length > 0 || app === undefined || app.endsWith("*") ? undefined : app;
}
