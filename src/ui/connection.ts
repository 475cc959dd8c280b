/** The state of the connection, in the header: whether the page is up to date. */
import { byId } from "./dom.ts";

export type ConnectionState = "live" | "connecting" | "waiting" | "off";

const words: Readonly<Record<ConnectionState, string>> = {
  live: "Live",
  connecting: "Connecting",
  waiting: "Connection lost, trying again",
  off: "",
};

export function showConnection(state: ConnectionState): void {
  const place = byId("connection");
  if (place.dataset.state === state) return;
  place.dataset.state = state;
  place.textContent = words[state];
}
