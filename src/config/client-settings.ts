/** The settings of the commands that call a running Mars: which one, and with which key. */
import type { Setting } from "./setting.ts";
import { ValueError } from "./values.ts";

export const clientSettings: { readonly [K in "url" | "key" | "profile"]: Setting<string> } = {
  url: {
    name: "MARS_URL",
    default: "",
    defaultNote: "of the profile in use, else by `MARS_HOST` and `MARS_HTTP_PORT`",
    unit: "URL",
    meaning: "The Mars to call, such as `https://mars.example.com`",
    guarded: true,
    parse: serverUrl,
  },
  key: {
    name: "MARS_KEY",
    default: "",
    defaultNote: "`admin-token` in the data directory, where the Mars to call is on this machine",
    unit: "key",
    meaning:
      "The key to call it with. It is no flag, since every user of a machine can read the arguments of its processes",
    secret: true,
    parse: key,
  },
  profile: {
    name: "MARS_PROFILE",
    default: "",
    defaultNote: "the one of `mars profile use`",
    unit: "name",
    meaning:
      "The profile whose address and key are used, where `MARS_URL` names none. The flag comes before `MARS_URL`",
    parse: (text) => text,
  },
};

/** The rows of the table, in its order. */
export const clientRows: readonly Setting<string>[] = Object.values(clientSettings);

/** Without a slash at its end; empty where there is none. */
function serverUrl(text: string): string {
  if (text === "") return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new ValueError("must be a URL such as https://mars.example.com");
  }
  if (url.username !== "" || url.password !== "") {
    throw new ValueError("must not hold a secret: it belongs in MARS_KEY");
  }
  if (url.search !== "" || url.hash !== "") throw new ValueError("must be a URL without ? and #");
  return url.href.replace(/\/+$/, "");
}

function key(text: string): string {
  const trimmed = text.trim();
  if (/^[\x21-\x7e]*$/.test(trimmed)) return trimmed;
  throw new ValueError("must be one word of printable ASCII");
}
