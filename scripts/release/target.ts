/** The platforms that there are binaries for. */

export interface Target {
  /** Bun's name of it. */
  readonly bun: Bun.Build.CompileTarget;
  /** How files and packages are called for it. */
  readonly name: string;
  /** The database driver's package, without its scope. */
  readonly addon: string;
  /** As npm names them. */
  readonly os: "linux" | "darwin";
  readonly cpu: "x64" | "arm64";
  readonly libc?: "glibc" | "musl";
}

export const targets: readonly Target[] = [
  { bun: "bun-linux-x64", name: "linux-x64", addon: "linux-x64-gnu", os: "linux", cpu: "x64", libc: "glibc" },
  {
    bun: "bun-linux-x64-musl",
    name: "linux-x64-musl",
    addon: "linux-x64-musl",
    os: "linux",
    cpu: "x64",
    libc: "musl",
  },
  {
    bun: "bun-linux-arm64",
    name: "linux-arm64",
    addon: "linux-arm64-gnu",
    os: "linux",
    cpu: "arm64",
    libc: "glibc",
  },
  {
    bun: "bun-linux-arm64-musl",
    name: "linux-arm64-musl",
    addon: "linux-arm64-musl",
    os: "linux",
    cpu: "arm64",
    libc: "musl",
  },
  { bun: "bun-darwin-x64", name: "darwin-x64", addon: "darwin-x64", os: "darwin", cpu: "x64" },
  { bun: "bun-darwin-arm64", name: "darwin-arm64", addon: "darwin-arm64", os: "darwin", cpu: "arm64" },
];
