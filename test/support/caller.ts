/** Callers as the protocols make them. */
import { authorOf } from "../../src/core/audit.ts";
import type { Caller } from "../../src/core/caller.ts";
import { anonymous } from "../../src/core/identity.ts";
import type { Identify } from "../../src/edge/caller.ts";

/** Without a key. @param name of its peer; connections differ by their port */
export function callerNamed(name = "test", port = 1, signal?: AbortSignal): Caller {
  return {
    peer: { name, connection: `${name}:${port}` },
    identity: anonymous,
    address: name,
    protocol: "inside",
    ...(signal !== undefined && { signal }),
  };
}

/** Of changes that a test makes without a door. */
export const author = authorOf(callerNamed(), "test");

/** Serves every caller, as a Mars without keys does. */
export const openAccess: Identify = {
  identify: () => anonymous,
  identifyToken: () => anonymous,
  identifyTicket: () => anonymous,
};
