/** How far the lifecycle in force has drifted from what messages do: compared with one that is learned now. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { call, type Problem } from "../../data/call.ts";
import { countText } from "../../data/text.ts";
import { Problems, problemsOf } from "../../parts/problems.tsx";
import type { Definition } from "./definition-text.ts";

interface DriftProps {
  readonly app: string;
  readonly version: number;
}

interface Found {
  readonly messages: number;
  /** One sentence each; absent where there are too few messages to learn from. */
  readonly words?: readonly string[];
}

const lookBackMs = 7 * 86_400_000;

/** Asked for by a button: to learn reads thousands of messages. */
export function Drift({ app, version }: DriftProps) {
  const working = useSignal(false);
  const found = useSignal<Found | undefined>(undefined);
  const problems = useSignal<readonly Problem[]>([]);
  const compare = async () => {
    working.value = true;
    problems.value = [];
    try {
      found.value = await driftOf(app);
    } catch (error) {
      problems.value = problemsOf(error);
    } finally {
      working.value = false;
    }
  };
  return (
    <section aria-labelledby="drift-title">
      <h2 id="drift-title">Drift</h2>
      <div class="actions">
        <button type="button" class="button" disabled={working.value} onClick={compare}>
          {working.value ? "Comparing …" : "Compare with 7 days"}
        </button>
        <span class="muted" role="status">
          {found.value === undefined
            ? `Does version ${version} still fit what messages do?`
            : sentence(found.value, version)}
        </span>
      </div>
      <Problems problems={problems.value} />
      {found.value?.words !== undefined && found.value.words.length > 0 && (
        <ul class="plain-list">
          {found.value.words.map((word) => (
            <li key={word}>{word}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

async function driftOf(app_id: string): Promise<Found> {
  const since = new Date(Date.now() - lookBackMs).toISOString();
  const learned: AnswerOf<"learnLifecycle"> = await call("learnLifecycle", { app_id, since });
  if (learned.lifecycle === null) return { messages: learned.messages };
  const lifecycle = learned.lifecycle as Definition;
  const { against } = await call("dryRunLifecycle", { app_id, lifecycle });
  return { messages: learned.messages, words: against?.words ?? [] };
}

function sentence({ messages, words }: Found, version: number): string {
  const of = `${countText(messages)} messages`;
  if (words === undefined) return `${of} are too few to learn from.`;
  if (words.length === 0) return `Version ${version} is what Mars learns from ${of}.`;
  return `A lifecycle that is learned from ${of} differs from version ${version}:`;
}
