/** The versions of an app's lifecycle. */
import type { AnswerOf } from "../../../api/operation-types.ts";
import { Moment } from "../../parts/time.tsx";
import type { Definition } from "./lifecycles.tsx";

interface VersionsProps {
  readonly versions: AnswerOf<"listLifecycleVersions">["versions"];
  show(definition: Definition): void;
}

export function Versions({ versions, show }: VersionsProps) {
  if (versions.length === 0) return null;
  return (
    <section aria-labelledby="versions-title">
      <h2 id="versions-title">Versions</h2>
      <ol class="versions">
        {versions.map(({ version, created_at, lifecycle }) => (
          <li key={version} data-row>
            <span>Version {version}</span>
            <span class="muted">
              since <Moment at={created_at} />
            </span>
            {lifecycle === null ? (
              <span class="muted">ended the lifecycle</span>
            ) : (
              <button type="button" class="button quiet" onClick={() => show(lifecycle as Definition)}>
                {lifecycle.stages.length} stages: show
              </button>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
