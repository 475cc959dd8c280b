/** Filters by ids and by events, with those that there are. */
import { call } from "../data/call.ts";
import { go, here, parameter } from "../data/route.ts";
import { Suggest, type Suggestion } from "./suggest.tsx";

const shownMax = 12;

/** What the message id begins with. */
export function IdFilter() {
  const app = parameter("app_id");
  return (
    <Suggest
      label="Id begins with"
      value={parameter("prefix") ?? ""}
      suggest={async (text, aborted): Promise<Suggestion[]> => {
        if (text === "") return [];
        const given = { app_id: app, prefix: text, order: "updated", limit: shownMax };
        const { messages } = await call("listMessages", given, aborted);
        return messages.map(({ message_id, app_id }) => ({ value: message_id, hint: app_id }));
      }}
      choose={(value) => go(here({ prefix: value }))}
    />
  );
}

/** An event by its name. Those of the app of the last day are offered. */
export function EventFilter({ name, label }: { name: string; label: string }) {
  const app = parameter("app_id");
  return (
    <Suggest
      label={label}
      value={parameter(name) ?? ""}
      placeholder="event"
      suggest={async (text, aborted): Promise<Suggestion[]> => {
        if (app === undefined) return [];
        const { stages } = await call("getRates", { app_id: app }, aborted);
        const letters = text.toLowerCase();
        return stages
          .filter(({ event }) => event.toLowerCase().includes(letters))
          .slice(0, shownMax)
          .map(({ event }) => ({ value: event }));
      }}
      choose={(value) => go(here({ [name]: value }))}
    />
  );
}
