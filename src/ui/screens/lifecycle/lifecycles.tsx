/** The lifecycle of an app: edited, learned, tried on what is stored, and its versions. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { may } from "../../data/account.ts";
import { call, type Problem } from "../../data/call.ts";
import { useRead } from "../../data/resource.ts";
import { Page } from "../../frame/page.tsx";
import { say } from "../../frame/toasts.tsx";
import { AppChoice } from "../../parts/app-choice.tsx";
import { Failure, Pending } from "../../parts/notice.tsx";
import { Problems, problemsOf } from "../../parts/problems.tsx";
import { type Definition, parse, starter, textOf } from "./definition-text.ts";
import { Drawing } from "./drawing.tsx";
import { Drift } from "./drift.tsx";
import { LearnedNotes } from "./learned-notes.tsx";
import { SaveBar } from "./save-bar.tsx";
import { TrialResult } from "./trial-result.tsx";
import { Versions } from "./versions.tsx";

type Learned = AnswerOf<"learnLifecycle">;
type Trial = AnswerOf<"dryRunLifecycle">;

export default function Lifecycles() {
  return (
    <Page title="Lifecycle">
      <AppChoice>{(app) => <LifecycleOfApp key={app} app={app} />}</AppChoice>
    </Page>
  );
}

function LifecycleOfApp({ app }: { app: string }) {
  const versions = useRead("listLifecycleVersions", { app_id: app });
  if (versions.data === undefined) {
    return versions.error === undefined || versions.error.status === 404 ? (
      <Pending what="the lifecycle" />
    ) : (
      <Failure error={versions.error} what="The lifecycle" />
    );
  }
  return <Editor app={app} versions={versions.data.versions} changed={versions.reload} />;
}

interface EditorProps {
  readonly app: string;
  readonly versions: AnswerOf<"listLifecycleVersions">["versions"];
  changed(): void;
}

function Editor({ app, versions, changed }: EditorProps) {
  const current = versions[0]?.lifecycle ?? undefined;
  const text = useSignal(textOf(current ?? starter));
  const problems = useSignal<readonly Problem[]>([]);
  const working = useSignal<string | undefined>(undefined);
  const learned = useSignal<Learned | undefined>(undefined);
  const trial = useSignal<Trial | undefined>(undefined);
  const parsed = parse(text.value);
  const stored = current === undefined ? "" : textOf(current);
  const differs = text.value.trim() !== stored.trim();

  useEffect(() => {
    problems.value = [];
  }, [text.value, problems]);

  const during = async (what: string, work: () => Promise<void>) => {
    working.value = what;
    try {
      await work();
    } catch (error) {
      problems.value = problemsOf(error);
    } finally {
      working.value = undefined;
    }
  };
  const learn = () =>
    during("learn", async () => {
      const since = new Date(Date.now() - 7 * 86_400_000).toISOString();
      const found = await call("learnLifecycle", { app_id: app, since });
      learned.value = found;
      trial.value = undefined;
      if (found.lifecycle === null) return say("There are too few messages to learn from.");
      const proposed = found.lifecycle as Definition;
      text.value = textOf(proposed);
      // How far the version in force has drifted from what happens, in words and numbers.
      trial.value = await call("dryRunLifecycle", { app_id: app, lifecycle: proposed });
    });
  const tryIt = () =>
    during("try", async () => {
      trial.value = await call("dryRunLifecycle", { app_id: app, lifecycle: parsed });
    });
  const save = (options: { note?: string; backfill?: string }) =>
    during("save", async () => {
      const { version } = await call("putLifecycle", { app_id: app, lifecycle: parsed, ...options });
      say(`Version ${version} is in force.`);
      changed();
    });

  return (
    <>
      <p class="lead">
        {current === undefined
          ? `${app} has no lifecycle: nothing of it is ever late. Let Mars learn one from its messages, or write it.`
          : `Version ${versions[0]!.version} is in force. Another one holds for messages that begin after it is saved.`}
      </p>
      <div class="editor">
        <section aria-label="As JSON">
          <textarea
            aria-label="Lifecycle as JSON"
            aria-invalid={problems.value.length > 0 || parsed === undefined}
            spellcheck={false}
            rows={Math.min(36, Math.max(12, text.value.split("\n").length + 1))}
            value={text.value}
            onInput={({ currentTarget }) => {
              text.value = currentTarget.value;
            }}
          />
          <div class="actions">
            <button type="button" class="button" disabled={working.value !== undefined} onClick={learn}>
              {working.value === "learn" ? "Learning …" : "Learn from 7 days"}
            </button>
            <button
              type="button"
              class="button"
              disabled={working.value !== undefined || parsed === undefined}
              onClick={tryIt}
            >
              {working.value === "try" ? "Trying …" : "Try on 24 hours"}
            </button>
            {differs && current !== undefined && (
              <button
                type="button"
                class="button quiet"
                onClick={() => {
                  text.value = stored;
                  learned.value = undefined;
                  trial.value = undefined;
                }}
              >
                Back to version {versions[0]!.version}
              </button>
            )}
          </div>
          {may("write") && (
            <SaveBar
              disabled={working.value !== undefined || parsed === undefined || !differs}
              saving={working.value === "save"}
              save={save}
            />
          )}
          {parsed === undefined && <p class="problem">This is no JSON yet.</p>}
          <Problems problems={problems.value} />
        </section>
        <section aria-label="As a drawing">
          {parsed !== undefined && (
            <Drawing
              definition={parsed}
              change={(definition) => {
                text.value = textOf(definition);
              }}
            />
          )}
        </section>
      </div>
      {current !== undefined && <Drift key={versions[0]!.version} app={app} version={versions[0]!.version} />}
      {learned.value !== undefined && <LearnedNotes learned={learned.value} />}
      {trial.value !== undefined && <TrialResult app={app} trial={trial.value} />}
      <Versions
        app={app}
        versions={versions}
        show={(definition) => {
          text.value = textOf(definition);
          scrollTo({ top: 0 });
        }}
      />
    </>
  );
}
