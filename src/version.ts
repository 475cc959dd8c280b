/** The version of this Mars, from `package.json`; embedded in the binary. */
import packageJson from "../package.json" with { type: "json" };

export const version: string = packageJson.version;
