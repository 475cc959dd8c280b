/**
 * Turns of the event loop for calls by Connect's handlers, which take half a millisecond to set a call up and to take it down. A
 * client that begins thousands and gives them up at once, all in one packet, would otherwise keep all other clients waiting for
 * seconds: so, beyond the first few of a turn, calls wait for the next one, and those that are given up by then never begin.
 */
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import type { Turns } from "../turns.ts";

/** Of a turn; sixteen calls fit into one. */
const callCostBytes = 8 * 1024;

/** nginx's number for a client that closed its request. */
const goneStatus = 499;

/** The handler, whose calls take turns. */
export function takeTurns(handler: UniversalHandler, turns: Turns): UniversalHandler {
  return Object.assign(async (request: Parameters<UniversalHandler>[0]) => {
    const turn = turns.spend(callCostBytes);
    if (turn === undefined) return handler(request);
    await turn;
    return request.signal.aborted ? { status: goneStatus } : handler(request);
  }, handler);
}
