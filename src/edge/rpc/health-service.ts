/**
 * The health of Mars for gRPC's own checks (`grpc_health_probe`, Kubernetes, load balancers), by service.
 * https://github.com/grpc/grpc/blob/master/doc/health-checking.md
 */
import type { DescService, MessageInitShape } from "@bufbuild/protobuf";
import { MarsError } from "../../core/error.ts";
import type { Health } from "../../core/ports.ts";
import {
  type HealthCheckRequest,
  type HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
} from "../../gen/grpc/health/v1/health_pb.ts";
import { delay } from "../../runtime/delay.ts";
import type { CallContext } from "./caller.ts";

type Response = MessageInitShape<typeof HealthCheckResponseSchema>;

/** How often a watched status is looked at. */
const lookMs = 1_000;
/** The name of all services together. */
const whole = "";

export interface HealthOptions {
  readonly health: () => Health;
  readonly services: readonly DescService[];
  /** Those which take events; the others can answer while no events are taken. */
  readonly takesEvents: (service: DescService) => boolean;
}

export function createHealthMethods({ health, services, takesEvents }: HealthOptions) {
  /** Whether a service is ready, by its name. */
  const ready = new Map<string, (health: Health) => boolean>([
    [whole, takes],
    ...services.map((one) => [one.typeName, takesEvents(one) ? takes : answers] as const),
  ]);

  function statusOf(name: string): Status {
    const isReady = ready.get(name);
    if (isReady === undefined) return Status.SERVICE_UNKNOWN;
    return isReady(health()) ? Status.SERVING : Status.NOT_SERVING;
  }

  return {
    /** @throws `MarsError("not_found")` for a service that there is not */
    check({ service }: Pick<HealthCheckRequest, "service">): Response {
      const status = statusOf(service);
      if (status === Status.SERVICE_UNKNOWN) throw new MarsError("not_found", "there is no such service");
      return { status };
    },

    list(): { statuses: Record<string, Response> } {
      return {
        statuses: Object.fromEntries([...ready.keys()].map((name) => [name, { status: statusOf(name) }])),
      };
    },

    async *watch(
      { service }: Pick<HealthCheckRequest, "service">,
      { signal }: Pick<CallContext, "signal">,
    ): AsyncGenerator<Response> {
      let last: Status | undefined;
      while (!signal.aborted) {
        const status = statusOf(service);
        if (status !== last) yield { status };
        last = status;
        await delay(lookMs, signal);
      }
      // A client that still listens receives the stop before its stream ends.
      if (last === Status.SERVING) yield { status: statusOf(service) };
      signal.throwIfAborted();
    },
  };
}

function takes({ state, unready }: Health): boolean {
  return state === "serving" && unready === "";
}

function answers({ state, stalled }: Health): boolean {
  return state === "serving" && stalled === "";
}
