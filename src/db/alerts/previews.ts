/** Previews of alert rules over what is stored. Runs on a thread of its own. */
import type { FindDrift } from "../../alerting/conditions/drift-looks.ts";
import { type Preview, preview } from "../../alerting/preview/preview.ts";
import type { AlertRule } from "../../alerting/rule.ts";
import type { Window } from "../../core/window.ts";
import type { ReadConnection } from "../read-connection.ts";
import { createPreviewSource } from "./preview-source.ts";

export type Previews = (rule: AlertRule, window: Window) => Promise<Preview>;

/** @param check called now and then; ends the run by throwing */
export function createPreviews(
  connection: ReadConnection,
  { check, drift }: { readonly check: () => void; readonly drift: FindDrift },
): Previews {
  const source = { ...createPreviewSource(connection, check), drift };
  return (rule, window) => preview(rule, window, { source, check });
}
