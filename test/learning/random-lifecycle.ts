/** Lifecycles of a random shape, for learning: optional stages, alternatives, branches, failures, losses, clocks that differ. */
import type { Definition } from "../../src/lifecycle/definition.ts";
import { mulberry32 } from "../support/random.ts";
import type { KnownStage, Traffic } from "./generate.ts";

export interface RandomLifecycle {
  readonly stages: readonly KnownStage[];
  /** As a person who knows all of it would write it: with deadlines that hardly any message misses. */
  readonly definition: Definition;
  readonly traffic: Omit<Traffic, "seed" | "messages">;
}

/** In the log-normal distribution, one in some three thousand is above. */
const deadlineSigmas = 3.4;
const graceMs = 500;

export function randomLifecycle(seed: number): RandomLifecycle {
  const random = mulberry32(seed);
  const between = (low: number, high: number) => low + (high - low) * random();
  const chance = (probability: number) => random() < probability;
  const scaleMs = Math.exp(between(Math.log(20), Math.log(600_000)));
  const time = () => ({
    medianMs: scaleMs * Math.exp(between(-2, 2)),
    sigma: between(0.3, 0.9),
  });
  const losing = () => (chance(0.6) ? { stuck: between(0.002, 0.02) } : {});
  const stages: KnownStage[] = [{ events: ["OPENED"], after: [], medianMs: 0 }];
  const failOn: string[] = [];
  const failing = (last: boolean) => {
    const failures: Record<string, number> = {};
    while (chance(last ? 0.4 : 0.3) && failOn.length < 5) {
      const event = `FAILED_${failOn.length}`;
      failOn.push(event);
      failures[event] = Math.exp(between(Math.log(0.004), Math.log(0.06)));
    }
    return { failures };
  };
  let after: readonly string[] = ["OPENED"];
  const length = Math.round(between(2, 6));
  for (let n = 1; n <= length; n++) {
    if (chance(0.3)) {
      // On a branch of its own, so that nothing waits for it.
      stages.push({ events: [`OPTION_${n}`], after, chance: between(0.05, 0.7), ...time() });
    }
    const last = n === length;
    const shape = last ? random() * 0.8 : random();
    if (shape < 0.6) {
      stages.push({ events: [`STAGE_${n}`], after, ...time(), ...losing(), ...failing(last) });
      after = [`STAGE_${n}`];
    } else if (shape < 0.8) {
      const events = ["X", "Y", "Z"].slice(0, chance(0.5) ? 2 : 3).map((name) => `STAGE_${n}_${name}`);
      const weights = events.map(() => between(1, 3));
      stages.push({ events, weights, after, ...time(), ...losing(), ...failing(last) });
      after = events;
    } else {
      const branches = ["LEFT", "RIGHT"].map((name) => `STAGE_${n}_${name}`);
      for (const branch of branches) stages.push({ events: [branch], after, ...time(), ...losing() });
      stages.push({ events: [`STAGE_${n}_JOINED`], after: branches, joins: true, ...time(), ...losing() });
      after = [`STAGE_${n}_JOINED`];
    }
  }
  const definition = {
    stages: stages.map(({ events, after, medianMs, sigma = 0.5, chance, joins }) => ({
      events,
      after,
      ...(after.length > 0 &&
        chance === undefined && {
          // From the first of what it joins; the other may be the slower by far.
          withinMs: Math.ceil((joins ? 40 * scaleMs : 0) + medianMs * Math.exp(deadlineSigmas * sigma)),
        }),
      optional: chance !== undefined,
    })),
    completeOn: after,
    failOn,
    graceMs,
  };
  const traffic = {
    lost: between(0, 0.01),
    skewMs: Math.min(scaleMs / 20, between(0, 50)),
    // The window has a few times the length of the way, or many times.
    everyMs: (scaleMs * length * Math.exp(between(Math.log(10), Math.log(400)))) / 8_000,
    cutMs: 0,
    noise: chance(0.5) ? { NOISE_1: 0.004, NOISE_2: 0.012 } : {},
  };
  return { stages, definition, traffic };
}
