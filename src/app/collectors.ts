/** Connects the consumers of message brokers with the pipeline, and alerts with what publishes to brokers. */
import { ConsumerHost } from "../brokers/consumer-host.ts";
import { createEngineLoader } from "../brokers/engines.ts";
import { createEventMapper } from "../brokers/mapper.ts";
import { PublisherPool } from "../brokers/publisher-pool.ts";
import type { AwsEnvironment } from "../core/aws-environment.ts";
import type { BrokerStore } from "../core/broker-collector.ts";
import type { BrokerPublisher } from "../core/broker-target.ts";
import { Mask } from "../core/mask.ts";
import type { Ingest, Log } from "../core/ports.ts";
import { parseEventJson, parseJson } from "../edge/json.ts";
import type { FormatMapping } from "../formats/mapping.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import { createCloudEventsMapper } from "./cloud-events-mapper.ts";
import { createSourceMapper, type MappingSources } from "./source-mapper.ts";

export interface CreateCollectorsOptions {
  readonly ingest: Ingest;
  readonly store: BrokerStore;
  readonly sources: MappingSources;
  readonly maskAttributes: readonly string[];
  /** Of messages, in milliseconds; 0: they are kept for ever. */
  readonly retentionMs: number;
  readonly formats: FormatMapping;
  readonly clock: Pick<Clock, "trusted">;
  readonly aws?: AwsEnvironment;
  readonly supervisor: Supervisor;
  readonly log: Log;
}

export function createCollectors({
  maskAttributes,
  sources,
  aws = {},
  retentionMs,
  formats,
  clock,
  ...options
}: CreateCollectorsOptions): ConsumerHost {
  const mask = Mask.of(maskAttributes);
  const ownEvents = createEventMapper(parseEventJson);
  return new ConsumerHost({
    ...options,
    loadEngine: createEngineLoader(aws),
    mapperOf: (collector) =>
      collector.mappedBy === undefined
        ? createCloudEventsMapper(collector, {
            mapping: formats,
            parseJson: parseEventJson,
            others: ownEvents,
          })
        : createSourceMapper(sources, collector.mappedBy, collector.id),
    redact: (body) => (mask === undefined ? body : maskedBody(body, mask)),
    redactHeaders: (headers) =>
      mask === undefined ? headers : (mask.hide(headers) as Readonly<Record<string, string>>),
    appOf: ({ appId, mappedBy }) => appId ?? (mappedBy === undefined ? "" : appOfSource(sources, mappedBy)),
    retention: () => ({ now: clock.trusted, keepFor: retentionMs * 1_000 }),
  });
}

/** Empty where the source has several apps, or was deleted meanwhile. */
function appOfSource(sources: MappingSources, id: string): string {
  try {
    return sources.get(id).appId ?? "";
  } catch {
    return "";
  }
}

/** Opens no connection before something is published. */
export function createBrokerPublisher(): BrokerPublisher {
  return new PublisherPool();
}

/** The body without the values that are masked; none of one that cannot be looked into. */
function maskedBody(body: Uint8Array, mask: Mask): Uint8Array {
  try {
    return Buffer.from(JSON.stringify(mask.hide(parseJson(new TextDecoder().decode(body)))));
  } catch {
    return new Uint8Array();
  }
}
