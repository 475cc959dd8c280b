/** Filters by the attributes of messages that the chosen app has indexed, with the values that messages have. */
import { useSignal } from "@preact/signals";
import { attributeFilters, attributeParameter } from "../data/attribute-filters.ts";
import { call } from "../data/call.ts";
import { useRead } from "../data/resource.ts";
import { go, here, parameter } from "../data/route.ts";
import { countText } from "../data/text.ts";
import { Suggest, type Suggestion } from "./suggest.tsx";

export function AttributeFilter() {
  const app = parameter("app_id");
  const { data } = useRead("getAttributes", { app_id: app }, { when: app !== undefined });
  const chosen = useSignal("");
  const set = attributeFilters() ?? {};
  const names = (data?.indexed ?? []).map(({ name }) => name);
  const left = names.filter((name) => set[name] === undefined);
  const name = left.includes(chosen.value) ? chosen.value : (left[0] ?? "");
  return (
    <>
      <div class="filter attribute">
        <label>
          <span>Attribute</span>
          <select
            value={name}
            disabled={left.length === 0}
            onChange={({ currentTarget }) => {
              chosen.value = currentTarget.value;
            }}
          >
            {left.length === 0 && <option value="">{reasonFor(app, names)}</option>}
            {left.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        {app !== undefined && name !== "" && (
          <Suggest
            key={name}
            label="is"
            value=""
            suggest={(text, aborted) => valuesOf(app, name, text, aborted)}
            choose={(value) => value !== "" && go(here({ [attributeParameter(name)]: value }))}
          />
        )}
      </div>
      {Object.entries(set).map(([one, value]) => (
        <a
          key={one}
          class="chip"
          href={here({ [attributeParameter(one)]: undefined })}
          aria-label={`${one} = ${value} ×: take this filter away`}
        >
          <span class="id">
            {one} = {value}
          </span>{" "}
          <span aria-hidden="true">×</span>
        </a>
      ))}
    </>
  );
}

function reasonFor(app: string | undefined, names: readonly string[]): string {
  if (app === undefined) return "choose an app first";
  return names.length === 0 ? "none is indexed" : "all are chosen";
}

async function valuesOf(
  app: string,
  name: string,
  text: string,
  aborted: AbortSignal,
): Promise<readonly Suggestion[]> {
  const by = attributeParameter(name);
  const { counts } = await call("countMessages", { app_id: app, by }, aborted);
  const letters = text.toLowerCase();
  return counts
    .filter(({ value }) => value.toLowerCase().includes(letters))
    .slice(0, 20)
    .map(({ value, messages }) => ({ value, hint: `${countText(messages)} messages` }));
}
