/** Light or dark, as the system has it or as this browser was asked. */
import { signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const stored = localStorage.getItem("mars.theme");
export const theme = signal<Theme>(stored === "light" || stored === "dark" ? stored : "system");

export function setTheme(next: Theme): void {
  theme.value = next;
  localStorage.setItem("mars.theme", next);
  applyTheme();
}

export function applyTheme(): void {
  if (theme.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
}
