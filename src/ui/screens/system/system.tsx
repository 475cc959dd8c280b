/** Mars itself: how it is now, who may use it, who has changed what, and what belongs to single apps. */
import type { ComponentType } from "preact";
import { may, mayAllApps } from "../../data/account.ts";
import { go, parameter, to } from "../../data/route.ts";
import { Page } from "../../frame/page.tsx";
import { Choice } from "../../parts/choice.tsx";
import { Audit } from "./access/audit.tsx";
import { Keys } from "./access/keys.tsx";
import { Sessions } from "./access/sessions.tsx";
import { Apps } from "./apps/apps.tsx";
import { Collectors } from "./collectors.tsx";
import { Erasures } from "./erasures.tsx";
import { Now } from "./now/now.tsx";
import { SetAside } from "./set-aside.tsx";

interface Part {
  readonly value: string;
  readonly text: string;
  readonly title: string;
  readonly shows: ComponentType;
  readonly allowed: () => boolean;
}

const isAdmin = () => may("admin");
const isAdminOfAll = () => may("admin") && mayAllApps();

const parts: readonly Part[] = [
  { value: "now", text: "Now", title: "Queues, sizes, loops", shows: Now, allowed: mayAllApps },
  { value: "apps", text: "Apps", title: "Attributes, clocks, retention", shows: Apps, allowed: () => true },
  {
    value: "collectors",
    text: "Collectors",
    title: "What is read from message brokers",
    shows: Collectors,
    allowed: mayAllApps,
  },
  { value: "keys", text: "Keys", title: "Who may do what", shows: Keys, allowed: isAdmin },
  {
    value: "sessions",
    text: "Sessions",
    title: "Browsers that are signed in",
    shows: Sessions,
    allowed: () => true,
  },
  { value: "audit", text: "Audit", title: "Who has changed what", shows: Audit, allowed: isAdminOfAll },
  { value: "erasures", text: "Erasures", title: "Apps that were erased", shows: Erasures, allowed: isAdmin },
  {
    value: "set-aside",
    text: "Set aside",
    title: "What could not be applied",
    shows: SetAside,
    allowed: isAdminOfAll,
  },
];

export default function System() {
  const mine = parts.filter(({ allowed }) => allowed());
  const part = mine.find(({ value }) => value === parameter("part")) ?? mine[0]!;
  return (
    <Page
      title="System"
      tab={part.value === "now" ? "System" : part.text}
      controls={
        <>
          <Choice
            label="Part"
            chosen={part.value}
            values={mine}
            choose={(value) => go(to("/system", { part: value }))}
          />
          <a class="button" href="/sources" title="Webhooks that become events">
            Sources
          </a>
        </>
      }
    >
      <part.shows key={part.value} />
    </Page>
  );
}
