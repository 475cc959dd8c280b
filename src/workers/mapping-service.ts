/** Maps deliveries. Runs in `mapping-worker.ts`, which is ended where a mapping takes too long. */
import type { FieldProblem } from "../core/error.ts";
import { eventBounds } from "../core/event-bounds.ts";
import { compileMapping, type Mapping, type MapResult, mappingProblems } from "../sources/mapping.ts";
import type { Delivery, Source } from "../sources/source.ts";

/** A source as the thread needs it. */
export type MappedSource = Omit<Source, "verify">;

/** Mappings that are remembered, by the source's text; the one that came first is forgotten beyond it. */
const compiledMax = 200;

export type MappingService = ReturnType<typeof createMappingService>;

export interface MappingServiceOptions {
  /** Of the attributes of an event. */
  readonly attributesBytesMax: number;
}

export function createMappingService({ attributesBytesMax }: MappingServiceOptions) {
  // Each thread has its own.
  eventBounds.allowAttributes(attributesBytesMax);
  const compiled = new Map<string, Mapping>();

  function mappingOf(source: MappedSource): Mapping {
    const key = JSON.stringify(source);
    let mapping = compiled.get(key);
    if (mapping === undefined) {
      const [first] = compiled.keys();
      if (compiled.size >= compiledMax && first !== undefined) compiled.delete(first);
      mapping = compileMapping(withVerify(source));
      compiled.set(key, mapping);
    }
    return mapping;
  }

  return {
    /** Resolves once the thread is there. */
    ready: (): void => undefined,
    check: (source: MappedSource): readonly FieldProblem[] => mappingProblems(withVerify(source)),
    map: (source: MappedSource, delivery: Delivery): MapResult => mappingOf(source).map(delivery),
    close: (): void => compiled.clear(),
  };
}

/** Its secrets stay where it is verified. */
function withVerify(source: MappedSource): Source {
  return { ...source, verify: { scheme: "none" } };
}
