/**
 * Whether a text of JSON nests too deep to be parsed. A parser pays some hundred bytes for each level that is open, so eight million
 * brackets, which pack into 300 bytes, would take a gigabyte.
 */

/** How deep documents may nest: attributes have 32 levels, an event, its list and the document around them a few more. */
export const jsonDepthMax = 64;

/** A text this short can do no harm, however it nests. */
const harmlessLength = 4 * 1024;
/** With fewer brackets than this of either kind a text is parsed without looking how they nest. */
const bracketsMax = 1_024;

const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;
const quote = 0x22;
const backslash = 0x5c;

/** The error for a document for which `nestsTooDeep` holds. */
export const tooDeep = `must not nest deeper than ${jsonDepthMax} levels`;

/** Whether a text nests deeper than `jsonDepthMax`. Costs next to nothing for a text of the usual kind. */
export function nestsTooDeep(text: string): boolean {
  if (text.length <= harmlessLength) return false;
  // The search for one character is the engine's own and hundreds of times quicker than a loop over all of them.
  if (!hasMore(text, "[") && !hasMore(text, "{")) return false;
  return depthOf(text) > jsonDepthMax;
}

function hasMore(text: string, bracket: string): boolean {
  let count = 0;
  for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
    if (++count > bracketsMax) return true;
  }
  return false;
}

/** Stops just beyond the bound. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === quote) {
      at = endOfString(text, at);
    } else if (char === openBracket || char === openBrace) {
      if (++depth > deepest) deepest = depth;
      if (deepest > jsonDepthMax) break;
    } else if (char === closeBracket || char === closeBrace) {
      depth--;
    }
  }
  return deepest;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === quote) return at;
    if (char === backslash) at++;
  }
  return text.length;
}
