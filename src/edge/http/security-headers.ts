/** The headers by which browsers isolate the answers of port 4000 from pages of other origins. */

/** Adds those that every answer has. They are few, for each costs a read some 0.2 µs. */
export function isolate(headers: Headers): void {
  headers.set("x-content-type-options", "nosniff");
  // Badges are pictures for pages of other origins.
  if (!headers.has(resourcePolicyName)) headers.set(resourcePolicyName, "same-origin");
  // An answer that is no page runs nothing, should a browser ever show it as one.
  if (!headers.has(policyName)) headers.set(policyName, policyOfAnswers);
  // Answers are for their callers alone.
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
}

/** Which origins may embed an answer. */
export const resourcePolicyName = "cross-origin-resource-policy";
const policyName = "content-security-policy";
const policyOfAnswers = "default-src 'none'; frame-ancestors 'none'";

/** Of the page's files, beside those of every answer: scripts and styles are files of Mars' own, and nothing is inline. */
export const pageHeaders: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'",
  // For browsers that lack the policy's "frame-ancestors".
  "X-Frame-Options": "DENY",
  // Message ids stand in the page's address and must not leak to other sites.
  "Referrer-Policy": "no-referrer",
  // A page that opens Mars, or is opened by it, gets no handle on its window.
  "Cross-Origin-Opener-Policy": "same-origin",
  "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
};

/** A year. Without sub-domains: they are not Mars' to decide about. */
export const strictTransport = "max-age=31536000";
