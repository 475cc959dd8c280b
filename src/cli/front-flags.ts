/** The flags of every command that calls a Mars; they may stand before the command, too, where no field has their names. */

export interface GeneralFlag {
  /** With their dashes; the flag is known by the first. */
  readonly names: readonly [string, ...string[]];
  /** Its value in the help; absent: it takes none. */
  readonly value?: string;
  readonly meaning: string;
}

export const frontFlags: readonly GeneralFlag[] = [
  { names: ["--json"], meaning: "The answer as JSON in one line, which is what a pipe gets in any case" },
  {
    names: ["--url"],
    value: "URL",
    meaning:
      "The Mars to call: MARS_URL; by default that of the profile, else the one of MARS_HOST and MARS_HTTP_PORT",
  },
  {
    names: ["--key-file"],
    value: "path",
    meaning:
      "A file with the key: MARS_KEY_FILE, or MARS_KEY with the key itself; by default admin-token in MARS_DATA_DIR, for a Mars on this machine",
  },
  {
    names: ["--profile"],
    value: "name",
    meaning:
      "The profile with the address and the key, before MARS_URL: see mars profile add. Also MARS_PROFILE",
  },
  { names: ["--help", "-h"], meaning: "Print this" },
];

/** Those that say which Mars is meant, in the names of its settings. */
export const serverFlags = ["--url", "--key-file", "--profile"] as const;

/** Of an argument such as `--url` or `--url=…`. */
export function frontFlagOf(arg = ""): GeneralFlag | undefined {
  const [written = ""] = arg.split("=");
  return frontFlags.find(({ names }) => names.includes(written));
}
