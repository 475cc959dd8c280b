/** All keys. */
import { Dialog } from "../parts/dialog.tsx";
import { open } from "./keys.tsx";
import { screens } from "./screens.ts";

const keys: readonly (readonly [string, string])[] = [
  ["/", "search"],
  ["Ctrl K", "go to a screen, an app or a setting"],
  ["j  k", "next and previous row"],
  ["Enter", "open the row"],
  ["x", "pick the row, where rows can be picked"],
  ["p", "pause and go on, in the live tail"],
  ["Esc", "close"],
  ["?", "these keys"],
];

export function Help() {
  return (
    <Dialog
      title="Keys"
      class="help"
      close={() => {
        open.value = "none";
      }}
    >
      <h2>Keys</h2>
      <dl>
        {[...keys, ...screens.map(({ key, name }) => [`g ${key}`, name] as const)].map(([key, text]) => (
          <div key={key}>
            <dt>
              {key
                .split(" ")
                .filter(Boolean)
                .map((one) => (
                  <kbd key={one}>{one}</kbd>
                ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button class="button" type="submit">
          Close
        </button>
      </form>
    </Dialog>
  );
}
