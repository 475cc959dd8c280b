/** The rules by which a source maps: its own, and its preset's where it has none. */
import { presets } from "./presets/presets.ts";
import type { Rules, Source } from "./source.ts";

/** Attributes of the source's own stand in place of all of the preset's: so they are chosen, and not added to. */
export function rulesOf({ preset, rules }: Pick<Source, "preset" | "rules">): Rules {
  return preset === undefined ? rules : { ...presets[preset].rules, ...rules };
}
