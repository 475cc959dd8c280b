/** A saved view as a row. */
import type { Row } from "@libsql/client";
import type { SavedView } from "../../core/saved-view.ts";

export function viewOf({ owner, owner_name, name, address, app_id, shared }: Row): SavedView {
  return {
    owner: String(owner),
    ownerName: String(owner_name),
    name: String(name),
    address: String(address),
    ...(app_id !== "" && { appId: String(app_id) }),
    shared: shared === 1,
  };
}
