/** How fresh the page is: live, reconnecting, or without an answer. */
import { liveState } from "../data/live.ts";
import { answered, unreachable } from "../data/resource.ts";

export function LiveLight() {
  const [state, text] = unreachable.value
    ? ["waiting", "Mars does not answer"]
    : liveState.value === "waiting"
      ? ["waiting", "Reconnecting"]
      : liveState.value === "connecting" || !answered.value
        ? ["connecting", "Connecting"]
        : ["live", "Live"];
  return (
    <p class="light" role="status" data-state={state}>
      {text}
    </p>
  );
}
