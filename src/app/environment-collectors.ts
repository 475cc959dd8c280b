/** Reads the collectors of message brokers that the environment defines. */
import type { EnvironmentCollector } from "../brokers/consumer-host.ts";
import { collectVariables } from "../config/collect-variables.ts";
import type { EffectiveSetting } from "../config/parse.ts";
import type { Sources } from "../config/sources.ts";
import { hiddenUrl } from "../core/broker-collector.ts";
import { brokerUrlBytesMax, readBrokerCollector } from "../core/broker-collector-input.ts";

export interface EnvironmentCollectors {
  readonly collectors: readonly EnvironmentCollector[];
  /** For `mars config check`. */
  readonly effective: readonly EffectiveSetting[];
}

/** Members of the query that name files: their texts are members of the other names. */
const fileMembers = {
  ...{ credentials_file: "credentials", tls_ca_file: "tls_ca" },
  ...{ tls_cert_file: "tls_cert", tls_key_file: "tls_key" },
} as const;

/** Finds all problems, not only the first. No problem has a secret. */
export function readEnvironmentCollectors(
  sources: Pick<Sources, "env" | "readFile">,
  problems: string[],
): EnvironmentCollectors {
  const collectors: EnvironmentCollector[] = [];
  const effective: EffectiveSetting[] = [];
  for (const { variable, id, url } of collectVariables(sources, problems)) {
    const given = withFiles(url, sources, variable, problems);
    const { collector, problems: wrong = [] } = readBrokerCollector(id, given);
    for (const { field, message } of wrong)
      problems.push(`${variable} ${field === "url" ? "" : `${field} `}${message}`);
    if (collector === undefined) continue;
    collectors.push({ variable, collector });
    const members = new URLSearchParams({ ...collector.source, ...commonMembersOf(collector) });
    effective.push({ name: variable, value: `${hiddenUrl(collector)}?${members}`, source: variable });
  }
  return { collectors, effective };
}

function commonMembersOf({
  appId,
  mappedBy,
  deadLetter,
}: EnvironmentCollector["collector"]): Record<string, string> {
  return {
    ...(appId !== undefined && { app_id: appId }),
    ...(mappedBy !== undefined && { source: mappedBy }),
    ...(deadLetter !== undefined && { dead_letter: deadLetter }),
  };
}

function withFiles(
  text: string,
  { readFile }: Pick<Sources, "readFile">,
  variable: string,
  problems: string[],
): Record<string, unknown> {
  if (!URL.canParse(text) || text.length > brokerUrlBytesMax) return { url: text };
  const url = new URL(text);
  const given: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(fileMembers)) {
    const path = url.searchParams.get(name);
    if (path === null) continue;
    url.searchParams.delete(name);
    try {
      given[member] = readFile(path);
    } catch (error) {
      problems.push(
        `${variable} ${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return { ...given, url: url.href };
}
