/** How far a long command is, as one line of a terminal that is written again and again; nothing where stderr is none. */
import type { Host } from "./host.ts";

const everyMs = 100;
const barMax = 30;
const clear = "\r\u001b[K";

export interface Progress {
  /** @param share from 0 to 1, where the whole is known */
  show(text: string, share?: number): void;
  /** Writes a sentence to stderr, above the line. */
  complain(sentence: string): void;
  /** Removes the line. */
  end(): void;
}

export function createProgress(host: Pick<Host, "note" | "complain" | "errorColumns">): Progress {
  const columns = host.errorColumns;
  let shownAt = Number.NEGATIVE_INFINITY;
  let shown = false;
  const remove = () => {
    if (shown) host.note(clear);
    shown = false;
  };
  return {
    show(text, share) {
      const now = performance.now();
      if (columns === undefined || now - shownAt < everyMs) return;
      shownAt = now;
      const room = Math.min(barMax, columns - text.length - 10);
      const bar = share === undefined || room < 5 ? "" : ` ${barOf(share, room)}`;
      host.note(`${clear}${`${text}${bar}`.slice(0, columns - 1)}`);
      shown = true;
    },
    complain(sentence) {
      remove();
      host.complain(sentence);
    },
    end: remove,
  };
}

function barOf(share: number, width: number): string {
  const part = Math.min(1, Math.max(0, share));
  const full = Math.round(part * width);
  return `[${"#".repeat(full)}${" ".repeat(width - full)}] ${Math.floor(part * 100)}%`;
}
