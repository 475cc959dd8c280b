/** The entry of the page: shows the view of the address. */
import { byId } from "./dom.ts";
import { showHome } from "./home-view.ts";
import { showSearch } from "./search-view.ts";

const query = new URLSearchParams(location.search);
const id = query.get("message_id") ?? "";
const appId = query.get("app_id") || undefined;

if (id === "") {
  showHome();
} else {
  (byId("query") as HTMLInputElement).value = id;
  void showSearch(id, appId);
}
