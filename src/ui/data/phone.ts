/** Whether the page is as narrow as a phone: there the order of a screen's parts differs, in the document as well as to the eye. */
import { signal } from "@preact/signals";

const query = matchMedia("(width < 40rem)");

export const phone = signal(query.matches);

query.addEventListener("change", ({ matches }) => {
  phone.value = matches;
});
