/** How long the messages of an app are kept. */
import { useSignal } from "@preact/signals";
import { call, type Problem } from "../../../data/call.ts";
import { useRead } from "../../../data/resource.ts";
import { say } from "../../../frame/toasts.tsx";
import { Failure, Pending } from "../../../parts/notice.tsx";
import { Problems, problemsOf } from "../../../parts/problems.tsx";

export function Retention({ app }: { app: string }) {
  const { data, error, set } = useRead("getRetention", { app_id: app });
  const problems = useSignal<readonly Problem[]>([]);
  const working = useSignal(false);
  const change = async (work: () => Promise<NonNullable<typeof data>>, done: string) => {
    working.value = true;
    problems.value = [];
    try {
      const answer = await work();
      set(() => answer);
      say(done);
    } catch (thrown) {
      problems.value = problemsOf(thrown);
    } finally {
      working.value = false;
    }
  };
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    const retention = String(new FormData(event.currentTarget as HTMLFormElement).get("retention")).trim();
    void change(() => call("putRetention", { app_id: app, retention }), `${app} is kept for ${retention}.`);
  };
  return (
    <section aria-labelledby="retention-title">
      <h2 id="retention-title">Retention</h2>
      {error !== undefined && <Failure error={error} what="The retention" />}
      {data === undefined && error === undefined && <Pending what="the retention" rows={2} />}
      {data !== undefined && (
        <>
          <p class="muted">
            {data.retention === "off"
              ? "Messages are kept for ever"
              : `Messages are kept for ${data.retention} after their last report`}
            {data.own ? ", by a setting of this app." : ", as those of other apps."} What is still owed is
            kept longer.
          </p>
          <form class="filters" onSubmit={save}>
            <label class="filter">
              <span>Keep for</span>
              <input
                key={data.retention}
                type="text"
                name="retention"
                required
                placeholder="14d, or off"
                autoComplete="off"
                spellcheck={false}
                defaultValue={data.retention}
              />
            </label>
            <button type="submit" class="button" disabled={working.value}>
              Save
            </button>
            {data.own && (
              <button
                type="button"
                class="button quiet"
                disabled={working.value}
                onClick={() =>
                  void change(() => call("deleteRetention", { app_id: app }), `${app} is kept as other apps.`)
                }
              >
                As other apps
              </button>
            )}
          </form>
          <Problems problems={problems.value} />
        </>
      )}
    </section>
  );
}
