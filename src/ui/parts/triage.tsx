/** What people decide about what is stuck: they care for it, it is over, or it is to be left out. Each can be taken back. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../api/operation-types.ts";
import { ApiError, call, type Given } from "../data/call.ts";
import { countText } from "../data/text.ts";
import { say } from "../frame/toasts.tsx";
import { Dialog } from "./dialog.tsx";

type Selection = Pick<Given<"triageFindings">, "app_id" | "message_id" | "group" | "finding" | "findings">;
type Action = "acknowledge" | "resolve" | "ignore";
type DryRun = AnswerOf<"triageFindings">;

interface TriageProps {
  readonly of: Selection;
  /** What it is about, as `3 messages`. */
  readonly what: string;
  /** Says first how many there are, and asks: for what is not seen as a whole. */
  readonly asks?: true;
  /** Why, in words; empty for no reason given. */
  readonly note?: string;
  /** To take back what was decided, where it is all that can be done. */
  readonly only?: "clear";
  changed(): void;
}

interface Choice {
  readonly action: Action;
  readonly text: string;
  readonly title: string;
  readonly done: string;
}

const choices: readonly Choice[] = [
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

export function TriageButtons({ of, what, asks, note: given = "", only, changed }: TriageProps) {
  const working = useSignal(false);
  const asked = useSignal<{ readonly choice: Choice; readonly dry: DryRun } | undefined>(undefined);
  const attempt = async (work: () => Promise<void>) => {
    working.value = true;
    try {
      await work();
    } catch (error) {
      say(`Not done: ${error instanceof ApiError ? error.message : String(error)}`);
    } finally {
      working.value = false;
    }
  };
  const mark = (action: Action | "clear", done: string, note = given) =>
    attempt(async () => {
      const { changed: count } = await call("triageFindings", {
        ...of,
        action,
        ...(action !== "clear" && { note: note.trim() || undefined }),
      });
      // Of what was asked for first, others may have marked a part before, which is not to be taken back.
      const undo = action === "clear" || asks ? undefined : () => void mark("clear", "as before");
      say(count === 0 ? `${what}: nothing to change.` : `${what}: ${countText(count)} ${done}.`, undo);
      changed();
    });
  const ask = (choice: Choice) =>
    attempt(async () => {
      asked.value = {
        choice,
        dry: await call("triageFindings", { ...of, action: choice.action, dry_run: true }),
      };
    });
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
      {choices.map((choice) => (
        <button
          key={choice.action}
          type="button"
          class="button"
          title={choice.title}
          disabled={working.value}
          onClick={() => void (asks ? ask(choice) : mark(choice.action, choice.done))}
        >
          {choice.text}
        </button>
      ))}
      {asked.value !== undefined && (
        <Question
          what={what}
          {...asked.value}
          mark={(note) => {
            const { choice } = asked.value!;
            asked.value = undefined;
            void mark(choice.action, choice.done, note);
          }}
          close={() => {
            asked.value = undefined;
          }}
        />
      )}
    </>
  );
}

interface QuestionProps {
  readonly what: string;
  readonly choice: Choice;
  readonly dry: DryRun;
  mark(note: string): void;
  close(): void;
}

function Question({
  what,
  choice: { text, title },
  dry: { matched, changed, samples },
  mark,
  close,
}: QuestionProps) {
  const note = useSignal("");
  const rest = matched - samples.length;
  return (
    <Dialog title={`${text}: ${what}`} close={close}>
      <h2>
        {text}: {what}
      </h2>
      <form
        class="question"
        onSubmit={(event) => {
          event.preventDefault();
          mark(note.value);
        }}
      >
        <p>
          It concerns <strong>{countText(matched)}</strong>
          {changed < matched && `, ${countText(matched - changed)} of which are marked so already`}. {title}
        </p>
        {samples.length > 0 && (
          <p class="muted">
            {samples.map(({ id, message_id }, index) => (
              <span key={id}>
                {index > 0 && ", "}
                <span class="id">{message_id}</span>
              </span>
            ))}
            {rest > 0 && ` and ${countText(rest)} more`}
          </p>
        )}
        <label>
          Why
          <input
            type="text"
            maxLength={1_000}
            autoFocus
            value={note.value}
            onInput={({ currentTarget }) => {
              note.value = currentTarget.value;
            }}
          />
        </label>
        <div class="actions">
          <button type="submit" class="button primary" disabled={changed === 0}>
            {text} {countText(changed)}
          </button>
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
