/** A picture of the documentation, with its size, in the looks that there are of it. */
import { existsSync, readFileSync } from "node:fs";
import { escaped } from "./html.ts";

const looks = [
  ["-narrow", "(max-width: 30rem) and (prefers-color-scheme: light)"],
  ["-dark", "(prefers-color-scheme: dark)"],
] as const;

/**
 * @param path file of the picture, in WebP
 * @param href its address from the page
 */
export function pictureOf(path: string, href: string, alt: string): string {
  const sources = looks.flatMap(([look, media]) => {
    const file = variant(path, look);
    if (!existsSync(file)) return [];
    return [`<source media="${media}" srcset="${escaped(variant(href, look))}" ${sizeOf(file)}>`];
  });
  const image = `<img src="${escaped(href)}" alt="${escaped(alt)}" ${sizeOf(path)} loading="lazy">`;
  return `<picture>${sources.join("")}${image}</picture>`;
}

function variant(path: string, look: string): string {
  return path.replace(/\.webp$/, `${look}.webp`);
}

/** Width and height, so that the text does not move when the picture comes. Of a simple lossy or lossless WebP, or an extended one. */
function sizeOf(path: string): string {
  const bytes = readFileSync(path);
  const kind = bytes.toString("latin1", 12, 16);
  let [width, height] = [0, 0];
  if (kind === "VP8 ") [width, height] = [bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff];
  else if (kind === "VP8X") [width, height] = [bytes.readUIntLE(24, 3) + 1, bytes.readUIntLE(27, 3) + 1];
  else if (kind === "VP8L") {
    const bits = bytes.readUInt32LE(21);
    [width, height] = [(bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1];
  } else throw new Error(`${path} is no WebP`);
  return `width="${width}" height="${height}"`;
}
