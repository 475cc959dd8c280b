/**
 * The fenced blocks of a document: commands, and the answers that it shows of them. Each block of commands is run, in order, unless a
 * comment before it says otherwise:
 *
 *     <!-- run: no (REASON) -->   not run; the answers behind it are not compared
 *     <!-- run: 3s -->            each command of it does not end by itself, and is stopped then
 *     <!-- run: exit 1 -->        its last command ends with this
 *     <!-- run: here -->          addresses of example.com are that of this Mars
 *     <!-- run: serve -->         its last command is a Mars, which goes on instead of the one before
 *     <!-- run: fresh -->         in a new directory, with a Mars of its own; may be followed by `, serve`
 *     <!-- run: key in -->        with the last key of this kind that was printed in `MARS_KEY`
 *     <!-- answer: no (REASON) -->  what follows is no answer
 *     <!-- file: NAME -->         a block of any other language is the contents of this file, with this Mars for example.com
 */

export interface Block {
  /** Line of the document, from 1. */
  readonly line: number;
  readonly text: string;
  /** The heading that it is under. */
  readonly section: string;
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
  /** Its text is written into this file, relative to the directory, and nothing is run. */
  readonly file?: string;
  /** Status of its last command; 0 by default. */
  readonly exit?: number;
  readonly here?: boolean;
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
  let section = "";
  for (const match of document.matchAll(fence)) {
    const [, indent = "", language = "", inner = ""] = match;
    const line = document.slice(0, match.index).split("\n").length;
    const before = document.slice(end, match.index);
    end = match.index + match[0].length;
    section = [...before.matchAll(/^#+ (.+)$/gm)].at(-1)?.[1] ?? section;
    const text = inner.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    const file = /<!-- file: (\S+) -->\s*$/.exec(before)?.[1];
    if (file !== undefined) {
      blocks.push({ line, text, section, run: { file, serve: false, fresh: false }, answers: [] });
      answering = false;
    } else if (commands.has(language)) {
      blocks.push({ line, text, section, run: runOf(before, line), answers: [] });
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
    const exit = /^exit (\d+)$/.exec(word)?.[1];
    if (exit !== undefined) run = { ...run, exit: Number(exit) };
    else if (stop !== undefined) run = { ...run, stopAfterMs: Number(stop) * 1_000 };
    else if (key !== undefined) run = { ...run, key };
    else if (word === "serve" || word === "fresh" || word === "here") run = { ...run, [word]: true };
    else throw new Error(`line ${line}: ${word} is not understood`);
  }
  return run;
}
