/** By itself: the page has it from its first load, and the rest of the demo only when one is played. */

/** Of the names of the apps that the dashboard plays; `mars demo` has none. */
export const pagePrefix = "demo-";
