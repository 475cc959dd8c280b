/** Waits for the store, divided between peers: each wait keeps a request open. */
import type { Progress } from "../core/ports.ts";
import type { Shares } from "../runtime/shares.ts";
import { unknownPeer } from "./peer.ts";

/** @returns the progress, whose `reached` throws `overloaded` where the caller has no share left */
export function createFairProgress(progress: Progress, waits: Shares): Progress {
  return {
    get storedSeq() {
      return progress.storedSeq;
    },
    async reached(seq, timeoutMs, caller) {
      if (seq <= progress.storedSeq) return;
      await waits.during(caller?.peer ?? unknownPeer, "requests may wait for the store", () =>
        progress.reached(seq, timeoutMs, caller),
      );
    },
  };
}
