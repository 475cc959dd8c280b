/** Draws a badge: a label and a text side by side, as READMEs show them. */

export type BadgeTone = "good" | "bad";

/** Dark enough for white text (WCAG 2.2, 4.5:1). */
const colours: Readonly<Record<BadgeTone, string>> = { good: "#2a7d2e", bad: "#c0392b" };
const labelColour = "#444";

const height = 20;
const padding = 6;
const fontSize = 11;
/** Pixels of a character: the text is stretched to the sum, so each viewer's font fits. */
const narrowWidth = 4.2;
const usualWidth = 6.7;
const wideWidth = 11;

/** @returns the picture as SVG, without scripts, styles or references; both texts are escaped */
export function badgeSvg(label: string, text: string, tone: BadgeTone): string {
  const [left, right] = [widthOf(label), widthOf(text)];
  const labelWidth = left + 2 * padding;
  const width = labelWidth + right + 2 * padding;
  const title = escapeXml(`${label}: ${text}`);
  const written = (one: string, x: number, length: number) =>
    `<text x="${x}" y="14" textLength="${length}" lengthAdjust="spacingAndGlyphs">${escapeXml(one)}</text>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" role="img" aria-label="${title}">` +
    `<title>${title}</title>` +
    `<clipPath id="r"><rect width="${width}" height="${height}" rx="3"/></clipPath>` +
    `<g clip-path="url(#r)"><rect width="${labelWidth}" height="${height}" fill="${labelColour}"/>` +
    `<rect x="${labelWidth}" width="${width - labelWidth}" height="${height}" fill="${colours[tone]}"/></g>` +
    `<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="${fontSize}">` +
    `${written(label, padding, left)}${written(text, labelWidth + padding, right)}</g></svg>\n`
  );
}

/** Whole pixels, at least one: a length of nothing is an error in SVG. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    width += /[ iljtfrI.,:;|!'()[\]-]/.test(character)
      ? narrowWidth
      : character < "\u1100"
        ? usualWidth
        : wideWidth;
  }
  return Math.max(1, Math.round(width));
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Control characters have no place in XML 1.0, escaped or not. */
function escapeXml(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (one) => entities[one]!)
    .replaceAll(/[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");
}
