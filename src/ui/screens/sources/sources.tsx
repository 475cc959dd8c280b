/** Sources: the webhooks of others that become events. All of them, a new one, or one with its deliveries. */
import { may } from "../../data/account.ts";
import { parameter, to } from "../../data/route.ts";
import { Page } from "../../frame/page.tsx";
import { NewSource } from "./new-source.tsx";
import { OneSource } from "./one-source.tsx";
import { SourceList } from "./source-list.tsx";

export default function Sources() {
  const id = parameter("id");
  if (id !== undefined) {
    return (
      <Page title={id} tab={`Source ${id}`} controls={back}>
        <OneSource key={id} id={id} />
      </Page>
    );
  }
  if (parameter("new") !== undefined && may("admin")) {
    return (
      <Page title="New source" controls={back}>
        <NewSource />
      </Page>
    );
  }
  return (
    <Page
      title="Sources"
      controls={
        <>
          <a class="button" href="/system">
            System
          </a>
          {may("admin") && (
            <a class="button primary" href={to("/sources", { new: "1" })}>
              New source
            </a>
          )}
        </>
      }
    >
      <SourceList />
    </Page>
  );
}

const back = (
  <a class="button" href="/sources">
    All sources
  </a>
);
