/** The text of a terminal as a page. */

/** By the codes that commands use (`src/cli/colour.ts`); the colours of a dark terminal, of which each can be read on its ground. */
const styles: Readonly<Record<string, string>> = {
  1: "font-weight:700;color:#fff",
  2: "color:#8b95a5",
  31: "color:#ff7b72",
  32: "color:#56d364",
  33: "color:#e3b341",
  36: "color:#76c7f0",
};

/** @param command shown as it was typed */
export function htmlOf(command: string, text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with ESC
  const parts = text.split(/\u001b\[(\d+)m/);
  let open = "";
  const body = parts.map((part, at) => {
    if (at % 2 === 0) return open === "" ? escaped(part) : `<span style="${open}">${escaped(part)}</span>`;
    open = part === "0" ? "" : (styles[part] ?? "");
    return "";
  });
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: #0d1117 }
    main { display: inline-block; box-sizing: border-box; min-width: 100%; padding: 18px 22px; background: #0d1117; color: #d5dbe3 }
    pre { margin: 0; font: 14px/1.45 "DejaVu Sans Mono", "Liberation Mono", monospace }
    b { color: #56d364; font-weight: 400 }
  </style><main><pre><b>$</b> ${escaped(command)}\n${body.join("").trimEnd()}</pre></main>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
