/** The screens, at the side; on narrow screens behind a button. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { path } from "../data/route.ts";
import { compactText } from "../data/text.ts";
import { counts, useCounts } from "./counts.ts";
import { screens } from "./screens.ts";

/** The tab's, so that a browser fetches one. */
const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]")?.href ?? "/ui/icon.svg";

export function Nav() {
  const shown = useSignal(false);
  const at = path.value;
  useCounts();
  useEffect(() => {
    shown.value = false;
  }, [at, shown]);
  return (
    <nav class="nav" aria-label="Screens">
      <a class="brand" href="/">
        <img src={icon} alt="" width="20" height="20" />
        Mars
      </a>
      <button
        type="button"
        class="menu"
        aria-expanded={shown.value}
        aria-controls="screens"
        onClick={() => {
          shown.value = !shown.value;
        }}
      >
        Menu
        {!shown.value && <MenuCounts />}
      </button>
      <ul id="screens" data-shown={shown.value}>
        {screens.map(({ path: to, name, group }, index) => (
          <li key={to} class={index > 0 && screens[index - 1]!.group !== group ? "apart" : ""}>
            <a href={to} aria-current={isAt(at, to) ? "page" : undefined}>
              {name}
              <Count of={to} />
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function isAt(path: string, screen: string): boolean {
  return (
    path === screen ||
    (screen === "/messages" && path === "/search/event") ||
    (screen === "/system" && path === "/sources")
  );
}

/** On narrow screens the names are behind the button, and their counts on it. */
function MenuCounts() {
  const { stuck, incidents } = counts.value;
  if (!stuck && !incidents) return null;
  const parts = [
    stuck > 0 && `${compactText(stuck)} stuck`,
    incidents > 0 && `${compactText(incidents)} ${incidents === 1 ? "incident" : "incidents"}`,
  ];
  return <span class="count">{parts.filter(Boolean).join(", ")}</span>;
}

function Count({ of }: { of: string }) {
  const count = of === "/stuck" ? counts.value.stuck : of === "/incidents" ? counts.value.incidents : 0;
  if (!count) return null;
  return <span class="count">{compactText(count)}</span>;
}
