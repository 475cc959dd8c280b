/** A page with one sentence, for what browsers are sent to without the page's script. */
import { pageHeaders } from "./security-headers.ts";

export interface Notice {
  readonly status: number;
  readonly title: string;
  readonly text: string;
}

export function noticePage({ status, title, text }: Notice): Response {
  const html = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${escaped(title)} · Mars</title>
    <link rel="icon" href="/ui/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/ui/page.css" />
  </head>
  <body>
    <main>
      <h1>${escaped(title)}</h1>
      <p class="lead">${escaped(text)}</p>
      <p class="lead"><a href="/">Back to Mars</a></p>
    </main>
  </body>
</html>
`;
  const headers = { ...pageHeaders, "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" };
  return new Response(html, { status, headers });
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
