/** The search for an id: its message, a choice where several apps have it, or the wait for its first event. */
import { ApiError, getMessage, listMessages, type Summary } from "./api.ts";
import { showConnection } from "./connection.ts";
import { element, mainElement, notice } from "./dom.ts";
import { openFeed } from "./feed.ts";
import { messageTable } from "./message-list.ts";
import { showMessage } from "./message-view.ts";

/** Matches that are listed; with more, the app must be given as well. */
const matchesMax = 200;

export async function showSearch(id: string, appId: string | undefined): Promise<void> {
  document.title = `${id} · Mars`;
  mainElement().replaceChildren(element("p", { class: "pending" }, "Searching …"));
  try {
    await search(id, appId);
  } catch (error) {
    showFailure(error, () => showSearch(id, appId));
  }
}

async function search(id: string, appId: string | undefined): Promise<void> {
  const { found, asOfSeq } = await findMatches(id, appId);
  // Within an app the first match is the message with this id of its own.
  const one = found.length === 1 || appId !== undefined ? found[0] : undefined;
  if (one === undefined && found.length > 0) return showMatches(id, found);
  const message = one && (await getMessage(one.app_id, one.message_id));
  if (message === undefined) showWaiting(id, appId, asOfSeq);
  else showMessage(message, id, () => void showSearch(id, appId));
}

/** Matches by message id, then by external id, each message once. */
async function findMatches(
  id: string,
  appId: string | undefined,
): Promise<{ found: Summary[]; asOfSeq: number }> {
  const shared = {
    order: "updated",
    limit: String(matchesMax),
    ...(appId === undefined ? {} : { app_id: appId }),
  };
  const pages = await Promise.all([
    listMessages({ message_id: id, ...shared }),
    listMessages({ external_id: id, ...shared }),
  ]);
  const byKey = new Map<string, Summary>();
  for (const message of pages.flatMap((page) => page.messages)) {
    byKey.set(JSON.stringify([message.app_id, message.message_id]), message);
  }
  return { found: [...byKey.values()], asOfSeq: Math.min(...pages.map((page) => page.as_of_seq)) };
}

function showMatches(id: string, found: readonly Summary[]): void {
  showConnection("off");
  mainElement().replaceChildren(
    element("p", { class: "kind" }, `${found.length} messages have this id`),
    element("h1", { class: "id" }, id),
    messageTable(found, `Messages with the id ${id}`),
  );
}

/** Waits for an event of this id, and shows its message then. */
function showWaiting(id: string, appId: string | undefined, asOfSeq: number): void {
  const where = appId === undefined ? "in any app that you may see" : `in the app ${appId}`;
  mainElement().replaceChildren(
    element("p", { class: "kind" }, "Message"),
    element("h1", { class: "id" }, id),
    notice(
      "No events yet",
      `No event with this message id or external id has arrived ${where}.`,
      "The first event with this message id appears here by itself.",
    ),
  );
  const feed = openFeed(`event_timeline:${id}`, asOfSeq, {
    event(event) {
      // A test event is not stored, so there is nothing to show yet.
      if (event.seq === 0 || (appId !== undefined && event.app_id !== appId)) return;
      feed.close();
      void showSearch(id, appId);
    },
    state: showConnection,
    lost() {
      feed.close();
      void showSearch(id, appId);
    },
    refused: (reason) => mainElement().append(notice("There are no live updates of this id", reason)),
  });
}

/** Shows a failure, with a button to try again where that may help. */
function showFailure(error: unknown, again: () => Promise<void>): void {
  // The sign-in is shown.
  if (error instanceof ApiError && error.status === 401) return;
  const refused = error instanceof ApiError && error.status >= 400 && error.status < 429;
  if (refused) {
    mainElement().replaceChildren(notice("No message can have this id", error.message));
    return;
  }
  const button = element("button", { type: "button" }, "Try again");
  button.onclick = () => void again();
  const reason = error instanceof ApiError ? error.message : String(error);
  mainElement().replaceChildren(notice("The search failed", reason, button));
}
