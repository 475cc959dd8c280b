/** A part that hangs on demand, and one method whose answer cannot be copied. */
import { serveThread } from "../../src/workers/thread.ts";

export type HangingPart = ReturnType<typeof createHangingPart>;

function createHangingPart({ broken }: { readonly broken: boolean }) {
  if (broken) throw new TypeError("this part cannot be made");
  return {
    echo: (value: number) => value,
    uncopyable: () => () => "a function",
    fail(): number {
      throw new TypeError("x is not a function");
    },
    hang(): void {
      for (;;);
    },
    close(): void {},
  };
}

serveThread(createHangingPart);
