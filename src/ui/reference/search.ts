/** The reference page: shows the calls that have all words of the search, and says how many. */

const input = document.querySelector<HTMLInputElement>("#search");
const count = document.querySelector("#count");
const sections = [...document.querySelectorAll<HTMLElement>("section[data-words]")];
const groups = [...document.querySelectorAll<HTMLElement>("div[data-group]")];

input?.addEventListener("input", show);
// A browser keeps what was typed when it comes back to the page.
show();
// An address with `#getMessage` opens that call.
addEventListener("hashchange", open);
open();

function show(): void {
  const words = (input?.value ?? "").toLowerCase().split(/\s+/);
  let shown = 0;
  for (const section of sections) {
    const text = section.dataset.words ?? "";
    section.hidden = !words.every((word) => text.includes(word));
    if (!section.hidden) shown += 1;
  }
  for (const group of groups) {
    group.hidden = [...group.querySelectorAll<HTMLElement>("section")].every(({ hidden }) => hidden);
  }
  if (count !== null) count.textContent = `${shown} of ${sections.length} calls`;
}

function open(): void {
  const section = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const details = section?.querySelector("details");
  if (details) details.open = true;
}
