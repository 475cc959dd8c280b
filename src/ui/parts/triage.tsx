/** What people decide about what is stuck: they care for it, it is over, or it is to be left out. Each can be taken back. */
import { useSignal } from "@preact/signals";
import { ApiError, call, type Given } from "../data/call.ts";
import { countText } from "../data/text.ts";
import { say } from "../frame/toasts.tsx";

type Selection = Pick<Given<"triageFindings">, "app_id" | "message_id" | "group" | "finding">;
type Action = "acknowledge" | "resolve" | "ignore";

interface TriageProps {
  readonly of: Selection;
  /** What it is about, as `3 messages`. */
  readonly what: string;
  /** Why, in words; empty for no reason given. */
  readonly note?: string;
  /** To take back what was decided, where it is all that can be done. */
  readonly only?: "clear";
  changed(): void;
}

const actions: readonly {
  readonly action: Action;
  readonly text: string;
  readonly title: string;
  readonly done: string;
}[] = [
  {
    action: "acknowledge",
    text: "Acknowledge",
    title: "Someone cares for it. It stays in lists and counts.",
    done: "acknowledged",
  },
  {
    action: "resolve",
    text: "Resolve",
    title: "It is over, though nothing has come. It leaves lists, counts and alerts.",
    done: "resolved",
  },
  {
    action: "ignore",
    text: "Ignore",
    title: "Leave it out of lists, counts and alerts, until it is due another time.",
    done: "ignored",
  },
];

export function TriageButtons({ of, what, note = "", only, changed }: TriageProps) {
  const working = useSignal(false);
  const mark = async (action: Action | "clear", done: string) => {
    working.value = true;
    try {
      const { changed: count } = await call("triageFindings", {
        ...of,
        action,
        ...(note.trim() !== "" && action !== "clear" && { note: note.trim() }),
      });
      const undo = action === "clear" ? undefined : () => void mark("clear", "as before");
      say(count === 0 ? `${what}: nothing to change.` : `${what}: ${countText(count)} ${done}.`, undo);
      changed();
    } catch (error) {
      say(`Not done: ${error instanceof ApiError ? error.message : String(error)}`);
    } finally {
      working.value = false;
    }
  };
  if (only === "clear") {
    return (
      <button
        type="button"
        class="button"
        title="It is in lists, counts and alerts again."
        disabled={working.value}
        onClick={() => void mark("clear", "as before")}
      >
        Take back
      </button>
    );
  }
  return (
    <>
      {actions.map(({ action, text, title, done }) => (
        <button
          key={action}
          type="button"
          class="button"
          title={title}
          disabled={working.value}
          onClick={() => void mark(action, done)}
        >
          {text}
        </button>
      ))}
    </>
  );
}
