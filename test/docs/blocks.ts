/**
 * The fenced blocks of a document: commands, and the answers that it shows of them. Each block of commands is run, in order, unless a
 * comment before it says otherwise:
 *
 *     <!-- run: no (REASON) -->   not run; the answers behind it are not compared
 *     <!-- run: 3s -->            does not end by itself, and is stopped then
 *     <!-- run: serve -->         its last command is a Mars, which goes on instead of the one before
 *     <!-- run: fresh -->         in a new directory, with a Mars of its own; may be followed by `, serve`
 *     <!-- run: key in -->        with the last key of this kind that was printed in `MARS_KEY`
 *     <!-- answer: no (REASON) -->  what follows is no answer
 */

export interface Block {
  /** Line of the document, from 1. */
  readonly line: number;
  readonly text: string;
  readonly run: Run;
  /** In the document's order; compared with what the commands print. */
  readonly answers: readonly Answer[];
}

export interface Answer {
  readonly line: number;
  readonly text: string;
}

export interface Run {
  /** Why it is not run. */
  readonly notFor?: string;
  readonly stopAfterMs?: number;
  readonly serve: boolean;
  readonly fresh: boolean;
  /** Kind of the key. */
  readonly key?: string;
}

const fence = /^( *)```(\w*)\n([\s\S]*?)^ *```/gm;
const commands = new Set(["sh", "bash", "console"]);

/** @throws `Error` for a comment that is not understood */
export function blocksOf(document: string): Block[] {
  const blocks: (Block & { readonly answers: Answer[] })[] = [];
  /** A block of another language ends what may be an answer. */
  let answering = false;
  let end = 0;
  for (const match of document.matchAll(fence)) {
    const [, indent = "", language = "", inner = ""] = match;
    const line = document.slice(0, match.index).split("\n").length;
    const before = document.slice(end, match.index);
    end = match.index + match[0].length;
    const text = inner.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    if (commands.has(language)) {
      blocks.push({ line, text, run: runOf(before, line), answers: [] });
      answering = true;
    } else if (language !== "" && language !== "json") answering = false;
    else if (/<!-- answer: no \(.+\) -->\s*$/.test(before)) continue;
    else if (answering) blocks.at(-1)!.answers.push({ line, text });
  }
  return blocks;
}

function runOf(before: string, line: number): Run {
  const words = /<!-- run: (.+?) -->\s*$/.exec(before)?.[1];
  if (words === undefined) {
    if (/<!-- [^>]*-->\s*$/.test(before)) throw new Error(`line ${line}: the comment is not understood`);
    return { serve: false, fresh: false };
  }
  const notFor = /^no \((.+)\)$/.exec(words)?.[1];
  if (notFor !== undefined) return { notFor, serve: false, fresh: false };
  let run: Run = { serve: false, fresh: false };
  for (const word of words.split(", ")) {
    const stop = /^(\d+)s$/.exec(word)?.[1];
    const key = /^key (in|ro|rw|ad)$/.exec(word)?.[1];
    if (stop !== undefined) run = { ...run, stopAfterMs: Number(stop) * 1_000 };
    else if (key !== undefined) run = { ...run, key };
    else if (word === "serve" || word === "fresh") run = { ...run, [word]: true };
    else throw new Error(`line ${line}: ${word} is not understood`);
  }
  return run;
}
