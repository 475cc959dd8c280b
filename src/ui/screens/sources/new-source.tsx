/** A source that is not put yet. */
import { useSignal } from "@preact/signals";
import { go, to } from "../../data/route.ts";
import { starter, textOf } from "./definition.ts";
import { SourceForm } from "./source-form.tsx";
import { emptyPaste, Trial } from "./trial.tsx";

export function NewSource() {
  const text = useSignal(textOf(starter));
  const paste = useSignal(emptyPaste);
  return (
    <>
      <p class="lead">Choose whose webhooks they are, and paste the secret that the sender shows.</p>
      <SourceForm text={text} saved={(id) => go(to("/sources", { id }))} />
      <Trial text={text} paste={paste} />
    </>
  );
}
