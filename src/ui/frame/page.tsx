/** The frame of a screen: its title, its controls, and what it shows. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";

interface PageProps {
  readonly title: string;
  /** In the browser's tab; the title where absent. */
  readonly tab?: string;
  readonly controls?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Page({ title, tab, controls, children }: PageProps) {
  useEffect(() => {
    document.title = `${tab ?? title} · Mars`;
  }, [title, tab]);
  return (
    <>
      <div class="head">
        <h1>{title}</h1>
        {controls !== undefined && <div class="controls">{controls}</div>}
      </div>
      {children}
    </>
  );
}
