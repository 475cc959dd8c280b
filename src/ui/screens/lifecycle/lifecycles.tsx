/** The lifecycle of an app: edited, learned, tried on what is stored, and its versions. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { ApiError, call, type Problem } from "../../data/call.ts";
import { useRead } from "../../data/resource.ts";
import { Page } from "../../frame/page.tsx";
import { say } from "../../frame/toasts.tsx";
import { AppChoice } from "../../parts/app-choice.tsx";
import { Failure, Pending } from "../../parts/notice.tsx";
import { Drawing } from "./drawing.tsx";
import { LearnedNotes } from "./learned-notes.tsx";
import { TrialResult } from "./trial-result.tsx";
import { Versions } from "./versions.tsx";

export type Definition = NonNullable<AnswerOf<"getLifecycle">["lifecycle"]>;
type Learned = AnswerOf<"learnLifecycle">;
type Trial = AnswerOf<"dryRunLifecycle">;

const starter: Definition = {
  stages: [{ event: "CREATED" }, { event: "DONE", after: "CREATED", within: "5m" }],
  complete_on: ["DONE"],
  grace: "1s",
};

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
      if (!(error instanceof ApiError)) throw error;
      problems.value = error.problems.length > 0 ? error.problems : [{ field: "", message: error.message }];
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
      if (found.lifecycle === null) say("There are too few messages to learn from.");
      else text.value = textOf(found.lifecycle as Definition);
    });
  const tryIt = () =>
    during("try", async () => {
      trial.value = await call("dryRunLifecycle", { app_id: app, lifecycle: parsed });
    });
  const save = () =>
    during("save", async () => {
      const { version } = await call("putLifecycle", { app_id: app, lifecycle: parsed });
      say(`Version ${version} holds for messages that begin from now on.`);
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
            <button
              type="button"
              class="button primary"
              disabled={working.value !== undefined || parsed === undefined || !differs}
              onClick={save}
            >
              {working.value === "save" ? "Saving …" : "Save"}
            </button>
            {differs && current !== undefined && (
              <button
                type="button"
                class="button quiet"
                onClick={() => {
                  text.value = stored;
                  learned.value = undefined;
                }}
              >
                Back to version {versions[0]!.version}
              </button>
            )}
          </div>
          {parsed === undefined && <p class="problem">This is no JSON yet.</p>}
          {problems.value.length > 0 && (
            <ul class="problem" role="alert">
              {problems.value.map(({ field, message }) => (
                <li key={`${field}${message}`}>
                  {field !== "" && <code>{field}</code>} {message}
                </li>
              ))}
            </ul>
          )}
        </section>
        <section aria-label="As a drawing">{parsed !== undefined && <Drawing definition={parsed} />}</section>
      </div>
      {learned.value !== undefined && <LearnedNotes learned={learned.value} />}
      {trial.value !== undefined && <TrialResult app={app} trial={trial.value} />}
      <Versions
        versions={versions}
        show={(definition) => {
          text.value = textOf(definition);
          scrollTo({ top: 0 });
        }}
      />
    </>
  );
}

/** One stage a line: so it is read, and compared, by stages. */
function textOf({ stages, ...rest }: Definition): string {
  const lines = stages.map((stage) => `    ${JSON.stringify(stage).replaceAll(/([,:])(?=["{[])/g, "$1 ")}`);
  const others = Object.entries(rest).map(
    ([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`,
  );
  return `{\n  "stages": [\n${lines.join(",\n")}\n  ],\n${others.join(",\n")}\n}`;
}

function parse(text: string): Definition | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const stages = (value as { stages?: unknown } | null)?.stages;
    return Array.isArray(stages) ? (value as Definition) : undefined;
  } catch {
    return undefined;
  }
}
