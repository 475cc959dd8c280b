/** The screens: their addresses, names and keys (`g` and a letter). */

export interface Screen {
  readonly path: string;
  readonly name: string;
  readonly key: string;
  /** What it answers, in one line. */
  readonly hint: string;
  readonly group: 1 | 2 | 3;
}

export const screens: readonly Screen[] = [
  { path: "/", name: "Overview", key: "o", hint: "What is wrong now, in every app", group: 1 },
  { path: "/stuck", name: "Stuck now", key: "s", hint: "Messages that wait too long, by stage", group: 1 },
  {
    path: "/messages",
    name: "Messages",
    key: "m",
    hint: "Find messages by id, state, stage or time",
    group: 1,
  },
  { path: "/tail", name: "Live tail", key: "t", hint: "Events as they arrive", group: 1 },
  {
    path: "/findings",
    name: "Findings",
    key: "f",
    hint: "What was found, and what came after all",
    group: 1,
  },
  { path: "/flow", name: "Flow", key: "w", hint: "Where messages go, and where they are lost", group: 2 },
  { path: "/latency", name: "Latency", key: "l", hint: "Where time is lost", group: 2 },
  { path: "/lifecycles", name: "Lifecycles", key: "c", hint: "What should happen to messages", group: 2 },
  { path: "/incidents", name: "Incidents", key: "i", hint: "What alerts are about", group: 3 },
  { path: "/alerts", name: "Alerts", key: "a", hint: "Rules, sinks, deliveries and silences", group: 3 },
  { path: "/system", name: "System", key: "y", hint: "How Mars itself is", group: 3 },
];
