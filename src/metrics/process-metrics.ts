/** The metrics of the process: those that every process has by Prometheus' conventions, its threads and loops, and how it is. */
import type { Stats } from "../runtime/stats.ts";
import { counter, type Family, gauge, seconds } from "./family.ts";

/** What the figures do not have. */
export interface ProcessFacts {
  /** Whether events are accepted, and how many things warn: see `GET /readyz`. */
  readonly ready: boolean;
  readonly warnings: number;
  /** Such as `bun 1.4.5`. */
  readonly runtime: string;
  /** `linux x64` */
  readonly platform: string;
  /** File descriptors in use, and at most; `undefined` and infinite where the system does not say. */
  readonly openDescriptors: number | undefined;
  readonly descriptorsMax: number;
  /** Seconds of Unix time. */
  readonly startedAt: number;
}

export function processMetrics(stats: Stats, facts: ProcessFacts): Family[] {
  const { version, memory_bytes, cpu_ms, threads, event_loop_delay } = stats.process;
  const { runtime, platform, openDescriptors, descriptorsMax } = facts;
  const loops = Object.entries(stats.loops);
  const ofLoops = (value: (loop: (typeof stats.loops)[string]) => number) =>
    Object.fromEntries(loops.map(([name, loop]) => [name, value(loop)]));
  return [
    {
      name: "mars_build",
      help: "The version of Mars, and what it runs on.",
      type: "info",
      samples: [{ labels: { version, runtime, platform }, value: 1 }],
    },
    gauge("mars_ready", "Whether Mars accepts events: 1 where GET /readyz answers 200.", Number(facts.ready)),
    gauge(
      "mars_warnings",
      "Faults that do not keep events from being accepted; GET /readyz names them.",
      facts.warnings,
    ),
    ...configMetrics(stats),
    counter(
      "mars_loop_failures",
      "Failed steps of the loops behind the requests.",
      ofLoops(({ failures }) => failures),
      "loop",
    ),
    gauge(
      "mars_loop_failing_seconds",
      "For how long a loop has failed; 0 when its last step succeeded.",
      ofLoops(({ failing_for_ms }) => failing_for_ms / 1_000),
      "loop",
    ),
    gauge(
      "mars_thread_silent_seconds",
      "For how long a thread of the database has owed an answer.",
      Object.fromEntries(Object.entries(threads).map(([name, ms]) => [name, ms / 1_000])),
      "thread",
    ),
    seconds(
      "mars_event_loop_delay_seconds",
      "How late the event loop of the main thread was, looked at ten times a second.",
      {
        "": event_loop_delay,
      },
    ),
    gauge(
      "mars_clock_settled",
      "Whether findings may be raised by the clock now.",
      Number(stats.clock.settled),
    ),
    counter("mars_clock_steps", "Steps of the wall clock.", stats.clock.steps),
    counter("mars_clock_pauses", "Times for which the whole process stood still.", stats.clock.pauses),
    counter(
      "process_cpu_seconds",
      "Processor time, of all threads together.",
      (cpu_ms.user + cpu_ms.system) / 1_000,
    ),
    gauge("process_resident_memory_bytes", "Resident memory.", memory_bytes),
    gauge(
      "process_start_time_seconds",
      "When the process started, in seconds of Unix time.",
      facts.startedAt,
    ),
    gauge("process_open_fds", "Open file descriptors.", openDescriptors ?? {}),
    gauge(
      "process_max_fds",
      "File descriptors that the process may have open.",
      Number.isFinite(descriptorsMax) ? descriptorsMax : {},
    ),
  ];
}

/** Without a configuration file there are no samples. */
function configMetrics({ config }: Stats): Family[] {
  const at = config?.applied_at ?? null;
  return [
    gauge(
      "mars_config_applied",
      "Whether what the configuration file declares holds, as it was last read.",
      config === null ? {} : Number(config.applied),
    ),
    gauge(
      "mars_config_applied_timestamp_seconds",
      "When a configuration file was last read and applied, in seconds of Unix time.",
      at === null ? {} : Date.parse(at) / 1_000,
    ),
    counter(
      "mars_config_failures",
      "Configuration files that were broken, or declared what Mars refuses.",
      config?.failures ?? {},
    ),
  ];
}
