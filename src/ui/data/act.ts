/** A change that a button makes: what came of it is said, and the button waits meanwhile. */
import { useSignal } from "@preact/signals";
import { say } from "../frame/toasts.tsx";
import { ApiError } from "./call.ts";

export interface Act {
  readonly working: boolean;
  /** @param done said where it has worked */
  run(work: () => Promise<unknown>, done: string): Promise<void>;
}

export function useAct(): Act {
  const working = useSignal(false);
  return {
    working: working.value,
    async run(work, done) {
      working.value = true;
      try {
        await work();
        say(done);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        say(`Not done: ${error.message}`);
      } finally {
        working.value = false;
      }
    },
  };
}
