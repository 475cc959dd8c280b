/** Elements from data. Texts become text nodes, and attributes are set as such: ids are untrusted input. */

type Child = Node | string | undefined;

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** An element of the page itself. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

export function mainElement(): HTMLElement {
  return byId("main");
}

/** Announces a text to screen readers. */
export function announce(text: string): void {
  byId("announcer").textContent = text;
}

/** A box with a title and an explanation. */
export function notice(title: string, ...lines: readonly (Node | string)[]): HTMLElement {
  const box = element("section", { class: "notice" }, element("h2", {}, title));
  for (const line of lines) box.append(element("p", {}, line));
  return box;
}
