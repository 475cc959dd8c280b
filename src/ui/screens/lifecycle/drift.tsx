/** How far the lifecycle in force has drifted from what messages do: compared with one that is learned now. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { call, type Problem } from "../../data/call.ts";
import { countText } from "../../data/text.ts";
import { Problems, problemsOf } from "../../parts/problems.tsx";

interface DriftProps {
  readonly app: string;
  readonly version: number;
}

type Found = AnswerOf<"getDrift">;

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
      const since = new Date(Date.now() - lookBackMs).toISOString();
      found.value = await call("getDrift", { app_id: app, since });
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
            : sentence(found.value)}
        </span>
      </div>
      <Problems problems={problems.value} />
      {found.value !== undefined && found.value.words.length > 0 && (
        <ul class="plain-list">
          {found.value.words.map((word) => (
            <li key={word}>{word}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function sentence({ messages, version, lifecycle, words }: Found): string {
  const of = `${countText(messages)} messages`;
  if (lifecycle === null) return `${of} are too few to learn from.`;
  if (words.length === 0) return `Version ${version} is what Mars learns from ${of}.`;
  return `A lifecycle that is learned from ${of} differs from version ${version}:`;
}
