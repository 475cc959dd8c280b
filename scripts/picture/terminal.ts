/** Pictures of the command line: a command in a real terminal, its text with its colours as a page, and that page as Chromium draws it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { runOnTerminal } from "../../test/support/command.ts";
import { htmlOf } from "./terminal-page.ts";

export interface TerminalPicture {
  /** Of its file. */
  readonly name: string;
  /** @param url of a Mars that the demo plays in. @returns the arguments of `mars` */
  args(url: string): readonly string[] | Promise<readonly string[]>;
}

const columns = 104;
const width = 1_000;

/** @returns the bytes of all pictures */
export async function shootTerminals(
  browser: Browser,
  url: string,
  pictures: readonly TerminalPicture[],
  {
    out,
    format,
    quality,
  }: { readonly out: string; readonly format: "png" | "webp"; readonly quality: number },
): Promise<number> {
  const context = await browser.newContext({ viewport: { width, height: 400 }, deviceScaleFactor: 1.5 });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  let bytes = 0;
  for (const { name, args } of pictures) {
    const words = await args(url);
    const { text } = await runOnTerminal(columns, words, { cwd: "/", env: { MARS_URL: url } });
    await page.setContent(htmlOf(`mars ${words.join(" ")}`, text));
    const box = await page.locator("main").boundingBox();
    const { data } = await devtools.send("Page.captureScreenshot", {
      format,
      ...(format === "webp" && { quality }),
      captureBeyondViewport: true,
      clip: { x: 0, y: 0, width: box?.width ?? width, height: box?.height ?? 0, scale: 1 },
    });
    const picture = Buffer.from(data, "base64");
    const file = join(out, `${name}.${format}`);
    writeFileSync(file, picture);
    bytes += picture.length;
    process.stdout.write(`${file}: ${Math.ceil(picture.length / 1024)} KiB\n`);
  }
  await context.close();
  return bytes;
}
