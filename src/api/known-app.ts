/** An app without any event is unknown, not empty: its id is misspelt, most likely. */
import { MarsError } from "../core/error.ts";
import type { ApiReader } from "./parts.ts";

/**
 * For an answer that has nothing of the app; where it has something, the app is known.
 *
 * @throws `MarsError("not_found")` for an app that has neither a message nor a lifecycle, and has had none
 */
export async function assertApp(reader: Pick<ApiReader, "hasApp">, appId: string): Promise<void> {
  if (!(await reader.hasApp(appId))) throw new MarsError("not_found", "there is no app with this id");
}
