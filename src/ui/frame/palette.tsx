/** The command palette: screens, saved views, apps and settings by a few letters of their names. */
import { useSignal } from "@preact/signals";
import type { AnswerOf } from "../../api/operation-types.ts";
import { useRead } from "../data/resource.ts";
import { go, to } from "../data/route.ts";
import { setUtc, utc } from "../data/text.ts";
import { Dialog } from "../parts/dialog.tsx";
import { open } from "./keys.tsx";
import { screens } from "./screens.ts";
import { setTheme, theme } from "./theme.ts";

type View = AnswerOf<"listViews">["views"][number];

interface Command {
  readonly name: string;
  readonly hint: string;
  run(): void;
}

export function Palette() {
  const text = useSignal("");
  const chosen = useSignal(0);
  const { data } = useRead("listApps", { limit: 200 });
  const views = useRead("listViews", { limit: 200 });
  const commands = matching(text.value, [
    ...fixed(),
    ...(views.data?.views ?? []).map(ofView),
    ...(data?.apps ?? []).flatMap(ofApp),
  ]).slice(0, 12);
  const at = Math.min(chosen.value, commands.length - 1);
  const close = () => {
    open.value = "none";
  };
  const run = (command: Command | undefined) => {
    close();
    command?.run();
  };
  return (
    <Dialog title="Go to" class="palette" close={close}>
      <input
        type="text"
        role="combobox"
        aria-label="Screen, app or setting"
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant={at >= 0 ? `command-${at}` : undefined}
        placeholder="Screen, app or setting"
        autoFocus
        value={text.value}
        onInput={({ currentTarget }) => {
          text.value = currentTarget.value;
          chosen.value = 0;
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") chosen.value = Math.min(commands.length - 1, at + 1);
          else if (event.key === "ArrowUp") chosen.value = Math.max(0, at - 1);
          else if (event.key === "Enter") run(commands[at]);
          else return;
          event.preventDefault();
        }}
      />
      <ul id="commands" role="listbox" aria-label="Commands">
        {commands.map((command, index) => (
          <li key={command.name} role="presentation">
            <button
              id={`command-${index}`}
              type="button"
              role="option"
              aria-selected={index === at}
              tabIndex={-1}
              onClick={() => run(command)}
            >
              <span>{command.name}</span> <span class="muted">{command.hint}</span>
            </button>
          </li>
        ))}
        {commands.length === 0 && (
          <li class="muted none" role="option" aria-selected={false} aria-disabled>
            Nothing has such a name.
          </li>
        )}
      </ul>
    </Dialog>
  );
}

function fixed(): Command[] {
  return [
    ...screens.map(({ name, path, hint }) => ({ name, hint, run: () => go(path) })),
    { name: "Sources", hint: "Webhooks that become events", run: () => go("/sources") },
    {
      name: utc.value ? "Show times in my zone" : "Show times in UTC",
      hint: "for this browser",
      run: () => setUtc(!utc.value),
    },
    ...(["system", "light", "dark"] as const)
      .filter((one) => one !== theme.value)
      .map((one) => ({ name: `Colours: ${one}`, hint: "for this browser", run: () => setTheme(one) })),
    {
      name: "Keys",
      hint: "all of them",
      run: () => {
        open.value = "help";
      },
    },
  ];
}

function ofView({ name, address, own, owner_name }: View): Command {
  return { name: `View: ${name}`, hint: own ? "saved view" : `of ${owner_name}`, run: () => go(address) };
}

function ofApp({ app_id }: { app_id: string }): Command[] {
  return [
    { name: `${app_id}: flow`, hint: "app", run: () => go(to("/flow", { app_id })) },
    { name: `${app_id}: stuck`, hint: "app", run: () => go(to("/stuck", { app_id })) },
    { name: `${app_id}: latency`, hint: "app", run: () => go(to("/latency", { app_id })) },
    { name: `${app_id}: lifecycle`, hint: "app", run: () => go(to("/lifecycles", { app_id })) },
    { name: `${app_id}: messages`, hint: "app", run: () => go(to("/messages", { app_id })) },
  ];
}

/** Those that have every word, in any order, the nearest first; the letters of a word in their order. */
function matching(text: string, commands: readonly Command[]): Command[] {
  const words = text.trim().toLowerCase().split(/\s+/);
  if (words[0] === "") return [...commands];
  const rank = (name: string) => words.reduce((sum, word) => sum + rankOf(name, word), 0);
  return commands
    .map((command) => ({ command, rank: rank(command.name.toLowerCase()) }))
    .filter(({ rank }) => rank < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.rank - b.rank)
    .map(({ command }) => command);
}

function rankOf(name: string, letters: string): number {
  const whole = name.indexOf(letters);
  if (whole >= 0) return whole;
  let at = -1;
  for (const letter of letters) {
    at = name.indexOf(letter, at + 1);
    if (at < 0) return Number.POSITIVE_INFINITY;
  }
  return 100 + at;
}
