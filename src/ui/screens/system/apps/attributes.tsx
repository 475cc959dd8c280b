/** The attributes by which messages of an app are found. */
import { useSignal } from "@preact/signals";
import { may } from "../../../data/account.ts";
import { call, type Problem } from "../../../data/call.ts";
import { useRead } from "../../../data/resource.ts";
import { shareText } from "../../../data/text.ts";
import { say } from "../../../frame/toasts.tsx";
import { Badge } from "../../../parts/badge.tsx";
import { Failure, Pending } from "../../../parts/notice.tsx";
import { Problems, problemsOf } from "../../../parts/problems.tsx";

/** How far the indexing is; no topic has it. */
const refreshMs = 3_000;
const namesMax = 10;

export function Attributes({ app }: { app: string }) {
  const { data, error, set } = useRead("getAttributes", { app_id: app }, { everyMs: refreshMs });
  const problems = useSignal<readonly Problem[]>([]);
  const working = useSignal(false);
  const indexed = data?.indexed ?? [];
  const put = async (names: readonly string[], done: string) => {
    working.value = true;
    problems.value = [];
    try {
      const answer = await call("putAttributes", { app_id: app, indexed: names });
      set(() => answer);
      say(done);
      return true;
    } catch (thrown) {
      problems.value = problemsOf(thrown);
      return false;
    } finally {
      working.value = false;
    }
  };
  const names = indexed.map(({ name }) => name);
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const name = String(new FormData(form).get("name")).trim();
    if (name !== "" && (await put([...names, name], `${name} is being indexed.`))) form.reset();
  };
  return (
    <section aria-labelledby="attributes-title">
      <h2 id="attributes-title">Attributes that messages are found by</h2>
      {error !== undefined && <Failure error={error} what="The attributes" />}
      {data === undefined && error === undefined && <Pending what="the attributes" rows={2} />}
      {data !== undefined && (
        <>
          {indexed.length === 0 && (
            <p class="muted">None: lists of this app cannot be filtered by an attribute.</p>
          )}
          <ul class="lines">
            {indexed.map(({ name, done, share }) => (
              <li key={name} data-row>
                <code dir="auto">{name}</code>
                {done ? (
                  <Badge tone="good">indexed</Badge>
                ) : (
                  <Badge tone="warn">{shareText(share)} indexed</Badge>
                )}
                {may("write") && (
                  <button
                    type="button"
                    class="button quiet"
                    disabled={working.value}
                    aria-label={`Remove ${name} from the index`}
                    onClick={() =>
                      void put(
                        names.filter((one) => one !== name),
                        `${name} is not indexed any more.`,
                      )
                    }
                  >
                    Remove
                  </button>
                )}
              </li>
            ))}
          </ul>
          {may("write") && indexed.length < namesMax && (
            <form class="filters" onSubmit={add}>
              <label class="filter">
                <span>Name of an attribute</span>
                <input type="text" name="name" required autoComplete="off" spellcheck={false} />
              </label>
              <button type="submit" class="button" disabled={working.value}>
                Index it
              </button>
            </form>
          )}
          <Problems problems={problems.value} />
        </>
      )}
    </section>
  );
}
