/** Views of the dashboard that people keep under a name: a screen with its filters, as the address that the page has for it. */
import type { Author } from "./audit.ts";

/** Views of one owner, and of all. */
export const viewsOfOwnerMax = 200;
export const viewsMax = 2_000;
/** Bytes. */
export const viewNameBytesMax = 200;
export const viewAddressBytesMax = 4_096;

export interface SavedView {
  /** As in the audit: a key, a person. */
  readonly owner: string;
  readonly ownerName: string;
  /** Chosen by the owner, who has one view of it. */
  readonly name: string;
  /** Path and query: `/messages?app_id=shop&state=overdue`. */
  readonly address: string;
  /** The app of the address; absent for none. Those who may not read it do not see the view. */
  readonly appId?: string;
  /** Whether others see it. */
  readonly shared: boolean;
}

/** Reads views. Rejects with `unavailable` while the database is away. */
export interface ViewReader {
  /** The owner's, and those that others share; by name, then by owner. At most `viewsMax`. */
  savedViews(owner: string): Promise<readonly SavedView[]>;
}

/** Keeps views. Each change is on disk when it resolves. */
export interface SavedViews {
  /** Creates or replaces. Rejects with `invalid_argument` beyond `viewsOfOwnerMax` and `viewsMax`. */
  putView(view: SavedView, by?: Author): Promise<void>;
  /** @returns whether it was there */
  deleteView(owner: string, name: string, by?: Author): Promise<boolean>;
}

/** The JSON form in answers and in the audit. */
export function viewToJson({ owner, ownerName, name, address, appId, shared }: SavedView) {
  return { name, address, app_id: appId ?? null, shared, owner, owner_name: ownerName };
}
