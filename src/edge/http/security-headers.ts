/** The headers by which browsers isolate the answers of port 4000 from pages of other origins. */

/** Of every answer that lacks them. An answer that is no page runs nothing, should a browser ever show it as one. */
export const answerHeaders: readonly (readonly [name: string, value: string])[] = [
  ["x-content-type-options", "nosniff"],
  ["cross-origin-resource-policy", "same-origin"],
  ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
  ["x-frame-options", "DENY"],
  ["referrer-policy", "no-referrer"],
];

/** Of the page's files, beside those of every answer: scripts and styles are files of Mars' own, and nothing is inline. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'",
  // A page that opens Mars, or is opened by it, gets no handle on its window.
  "Cross-Origin-Opener-Policy": "same-origin",
  "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
};

/** A year. Without sub-domains: they are not Mars' to decide about. */
export const strictTransport = "max-age=31536000";
