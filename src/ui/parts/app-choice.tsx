/** What is shown of one app: that of the address, or the first; with a way to another one. Its child also learns whether the app has a badge. */
import type { ComponentChildren } from "preact";
import { useRead } from "../data/resource.ts";
import { go, here, parameter } from "../data/route.ts";
import { FirstEvent } from "./first-event.tsx";
import { Failure, Pending } from "./notice.tsx";
import { SavedViews } from "./saved-views.tsx";

export function AppChoice({ children }: { children(app: string, badge: boolean): ComponentChildren }) {
  const { data, error } = useRead("listApps", { limit: 1_000 });
  const apps = data?.apps.map(({ app_id }) => app_id) ?? [];
  const app = parameter("app_id") ?? apps[0];
  if (app === undefined) {
    if (error !== undefined) return <Failure error={error} what="The apps" />;
    return data === undefined ? <Pending what="the apps" /> : <FirstEvent />;
  }
  return (
    <>
      <div class="filters">
        <label class="filter">
          <span>App</span>
          <select
            value={app}
            onChange={({ currentTarget }) => go(here({ app_id: currentTarget.value, stage: "", after: "" }))}
          >
            {(apps.includes(app) ? apps : [app, ...apps]).map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <div class="end">
          <SavedViews />
        </div>
      </div>
      {children(app, data?.badges.includes(app) ?? false)}
    </>
  );
}
