/** The filters of a screen in one row, with what goes for the list as a whole at its end. */
import type { ComponentChildren } from "preact";
import { attributeFilters, withoutAttributes } from "../data/attribute-filters.ts";
import { here, parameter } from "../data/route.ts";
import { SavedViews } from "./saved-views.tsx";

interface FilterBarProps {
  /** The parameters of the address that are filters here, beside those by attributes. */
  readonly names: readonly string[];
  readonly children: ComponentChildren;
  readonly end?: ComponentChildren;
}

export function FilterBar({ names, children, end }: FilterBarProps) {
  return (
    <div class="filters">
      {children}
      <div class="end">
        {isFiltered(names) && (
          <a class="button quiet" href={withoutFilters(names)}>
            Clear
          </a>
        )}
        <SavedViews />
        {end}
      </div>
    </div>
  );
}

export function isFiltered(names: readonly string[]): boolean {
  return attributeFilters() !== undefined || names.some((name) => parameter(name) !== undefined);
}

export function withoutFilters(names: readonly string[]): string {
  return here({ ...withoutAttributes(), ...Object.fromEntries(names.map((name) => [name, undefined])) });
}
