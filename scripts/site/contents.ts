/** The pages of the site, in the order of its navigation. */

export interface SitePage {
  /** Path in the repository. */
  readonly source: string;
  /** Name of its file in the site, without an ending. */
  readonly name: string;
  /** In the navigation. */
  readonly label: string;
}

/** Made of no Markdown: every call of the OpenAPI document. */
export const callsPage: SitePage = { source: "openapi.json", name: "calls", label: "Calls" };
/** Made of the files below `proto/`. */
export const protosPage: SitePage = { source: "proto", name: "protos", label: "Protos" };

export const groups: readonly (readonly [title: string, pages: readonly SitePage[]])[] = [
  [
    "Begin",
    [
      { source: "README.md", name: "index", label: "Mars" },
      { source: "docs/first-events.md", name: "first-events", label: "First events" },
      { source: "docs/guide.md", name: "guide", label: "Guide" },
      { source: "docs/first-day.md", name: "first-day", label: "The first day" },
      { source: "docs/dashboard.md", name: "dashboard", label: "Dashboard" },
      { source: "docs/glossary.md", name: "glossary", label: "Glossary" },
    ],
  ],
  [
    "Report events",
    [
      { source: "docs/brokers.md", name: "brokers", label: "Message brokers" },
      { source: "docs/clients.md", name: "clients", label: "Client libraries" },
      { source: "clients/typescript/README.md", name: "client-typescript", label: "TypeScript" },
      { source: "clients/python/README.md", name: "client-python", label: "Python" },
      { source: "clients/go/README.md", name: "client-go", label: "Go" },
      { source: "docs/formats.md", name: "formats", label: "Formats of others" },
      { source: "docs/sources.md", name: "sources", label: "Webhooks of others" },
      { source: "docs/agents.md", name: "agents", label: "A prompt for agents" },
    ],
  ],
  [
    "Reference",
    [
      { source: "docs/reference.md", name: "reference", label: "Reference" },
      callsPage,
      protosPage,
      { source: "docs/cli.md", name: "cli", label: "Command line" },
      { source: "docs/config.md", name: "config", label: "Configuration file" },
      { source: "docs/sinks.md", name: "sinks", label: "Sinks" },
      { source: "docs/conditions.md", name: "conditions", label: "Conditions" },
      { source: "docs/mcp.md", name: "mcp", label: "MCP" },
    ],
  ],
  [
    "Operate",
    [
      { source: "docs/operate.md", name: "operate", label: "Operate it" },
      { source: "docs/traces.md", name: "traces", label: "Traces" },
      { source: "docs/security.md", name: "security", label: "Security" },
      { source: "docs/reliability.md", name: "reliability", label: "Bad days" },
      { source: "docs/guarantees.md", name: "guarantees", label: "What is guaranteed" },
    ],
  ],
  [
    "Project",
    [
      { source: "ARCHITECTURE.md", name: "architecture", label: "Architecture" },
      { source: "docs/develop.md", name: "develop", label: "Develop" },
      { source: "bench/README.md", name: "bench", label: "Bench" },
      { source: "bench/RESULTS.md", name: "bench-results", label: "Results of the bench" },
      { source: "CHANGELOG.md", name: "changelog", label: "Changelog" },
    ],
  ],
];

export const pages: readonly SitePage[] = groups.flatMap(([, members]) => members);

/** Those that are Markdown. */
export const documents: readonly SitePage[] = pages.filter(({ source }) => source.endsWith(".md"));
