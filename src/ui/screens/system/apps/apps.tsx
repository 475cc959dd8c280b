/** What belongs to one app: the attributes it is searched by, its producers' clocks, how long it is kept, and its erasure. */
import { may } from "../../../data/account.ts";
import { AppChoice } from "../../../parts/app-choice.tsx";
import { AppBadge } from "./app-badge.tsx";
import { Attributes } from "./attributes.tsx";
import { Clocks } from "./clocks.tsx";
import { Erase } from "./erase.tsx";
import { Retention } from "./retention.tsx";

export function Apps() {
  return (
    <AppChoice>
      {(app, badge) => (
        <div key={app} class="stack">
          <Attributes app={app} />
          <Clocks app={app} />
          <AppBadge app={app} on={badge} />
          {may("admin") && <Retention app={app} />}
          {may("admin") && <Erase app={app} />}
        </div>
      )}
    </AppChoice>
  );
}
