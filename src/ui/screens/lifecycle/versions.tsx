/** The versions of an app's lifecycle: who put each, why, and what it changed. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../../api/operation-types.ts";
import { ApiError, call } from "../../data/call.ts";
import { countText } from "../../data/text.ts";
import { say } from "../../frame/toasts.tsx";
import { ExportRows, type FileColumn } from "../../parts/export.tsx";
import { Moment } from "../../parts/time.tsx";
import type { Definition } from "./definition-text.ts";

type Version = AnswerOf<"listLifecycleVersions">["versions"][number];

/** Of the file; the screen has a line for each. */
const columns: readonly FileColumn<Version>[] = [
  { name: "Version", text: ({ version }) => version },
  { name: "Since", text: ({ created_at }) => created_at },
  { name: "By", text: ({ put_by }) => put_by ?? "" },
  { name: "Note", text: ({ note }) => note ?? "" },
  { name: "Lifecycle", text: ({ lifecycle }) => (lifecycle === null ? "" : JSON.stringify(lifecycle)) },
];

interface VersionsProps {
  readonly app: string;
  readonly versions: readonly Version[];
  show(definition: Definition): void;
}

export function Versions({ app, versions, show }: VersionsProps) {
  if (versions.length === 0) return null;
  return (
    <section aria-labelledby="versions-title">
      <h2 id="versions-title">Versions</h2>
      <ol class="versions">
        {versions.map((version) => (
          <OneVersion key={version.version} app={app} version={version} show={show} />
        ))}
      </ol>
      <p class="files">
        <ExportRows rows={versions} columns={columns} file={`lifecycle-${app}`} />
      </p>
    </section>
  );
}

function OneVersion({
  app,
  version: of,
  show,
}: { app: string; version: Version } & Pick<VersionsProps, "show">) {
  const { version, created_at, put_by, note, lifecycle, backfill } = of;
  const words = useSignal<readonly string[] | undefined>(undefined);
  const compare = async () => {
    try {
      const diff = await call("diffLifecycle", { app_id: app, to: version });
      words.value = diff.words.length > 0 ? diff.words : ["It is the same."];
    } catch (error) {
      say(`Not compared: ${error instanceof ApiError ? error.message : String(error)}`);
    }
  };
  return (
    <li data-row>
      <span>Version {version}</span>
      <span class="muted">
        since <Moment at={created_at} />
        {put_by !== null && `, by ${put_by}`}
      </span>
      {note !== null && <span dir="auto">“{note}”</span>}
      {backfill !== null && !backfill.ended && (
        <span class="muted">
          follows stored messages: {countText(backfill.done)} of {countText(backfill.of)}
        </span>
      )}
      {lifecycle === null ? (
        <span class="muted">ended the lifecycle</span>
      ) : (
        <button type="button" class="button quiet" onClick={() => show(lifecycle as Definition)}>
          {lifecycle.stages.length} stages: show
        </button>
      )}
      {version > 1 && words.value === undefined && (
        <button type="button" class="button quiet" onClick={compare}>
          What it changed
        </button>
      )}
      {words.value !== undefined && (
        <ul class="plain-list" aria-live="polite">
          {words.value.map((word) => (
            <li key={word}>{word}</li>
          ))}
        </ul>
      )}
    </li>
  );
}
