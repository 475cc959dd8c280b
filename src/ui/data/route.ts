/** The address as state: which screen, and with what. Every view of the page is an address that can be shared. */
import { computed, signal } from "@preact/signals";

const address = signal(new URL(location.href));

/** Path of the screen. */
export const path = computed(() => address.value.pathname);

/** What the address has behind it. */
export const query = computed(() => address.value.searchParams);

export function parameter(name: string): string | undefined {
  return query.value.get(name) || undefined;
}

export type Parameters = Readonly<Record<string, string | undefined>>;

/** The address of a screen. */
export function to(screen: string, parameters: Parameters = {}): string {
  const set = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  const search = new URLSearchParams(set as [string, string][]).toString();
  return search === "" ? screen : `${screen}?${search}`;
}

/** The address of this screen with some parameters changed; `undefined` takes one away. */
export function here(changes: Parameters): string {
  const kept = Object.fromEntries(query.value);
  return to(path.value, { ...kept, ...changes });
}

export function messageAddress({ app_id, message_id }: { app_id: string; message_id: string }): string {
  return to("/search/event", { message_id, app_id });
}

/** @param replace for what is no step of its own, as each letter of a filter */
export function go(href: string, { replace = false } = {}): void {
  const next = new URL(href, location.href);
  if (next.href === address.peek().href) return;
  if (replace) history.replaceState(null, "", next);
  else history.pushState(null, "", next);
  const moved = next.pathname !== address.peek().pathname;
  address.value = next;
  if (!moved || replace) return;
  scrollTo(0, 0);
  // Screen readers go on from the new screen's title.
  queueMicrotask(() => document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true }));
}

addEventListener("popstate", () => {
  address.value = new URL(location.href);
});

/**
 * Lets links between screens change the address without loading the page again. All others, as those to the documentation, are the
 * browser's.
 */
export function followLinks(isScreen: (path: string) => boolean): void {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest?.("a[href]") as HTMLAnchorElement | null;
    if (link === null || link.target !== "" || link.hasAttribute("download")) return;
    const next = new URL(link.href);
    if (next.origin !== location.origin || !isScreen(next.pathname)) return;
    if (next.hash !== "" && next.pathname === location.pathname) return;
    event.preventDefault();
    go(link.href);
  });
}
