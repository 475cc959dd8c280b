/** Strict readers of both exposition formats, written from their specifications: anything that they do not allow is an error. */

export interface ParsedFamily {
  readonly type: string;
  readonly help: string;
  readonly unit?: string;
  readonly samples: readonly ParsedSample[];
}

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const nameText = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const sampleLine = new RegExp(`^(${nameText})(?:\\{(.*)\\})? (\\S+)$`);
const labelText = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/;
const numberText = /^([+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?|NaN|[+-]Inf)$/;

interface Open {
  type?: string;
  help?: string;
  unit?: string;
  samples: ParsedSample[];
}

/** @throws Error with the line that is at fault */
export function parseMetrics(
  text: string,
  format: "prometheus" | "openmetrics",
): ReadonlyMap<string, ParsedFamily> {
  if (!text.endsWith("\n")) throw new Error("the text does not end with a line's end");
  const lines = text.slice(0, -1).split("\n");
  if (format === "openmetrics" && lines.pop() !== "# EOF") throw new Error("the last line is not # EOF");
  const families = new Map<string, Open>();
  let current: [name: string, family: Open] | undefined;
  for (const line of lines) {
    const fault = (why: string) => new Error(`${why}: ${line}`);
    const head = new RegExp(`^# (HELP|TYPE|UNIT) (${nameText}) (.+)$`).exec(line);
    if (head !== null) {
      const [, kind = "", name = "", rest = ""] = head;
      if (current?.[0] !== name) {
        if (families.has(name)) throw fault("a family is in two parts");
        current = [name, { samples: [] }];
        families.set(...current);
      }
      const [, family] = current;
      if (family.samples.length > 0) throw fault("metadata behind samples");
      const key = kind.toLowerCase() as "help" | "type" | "unit";
      if (family[key] !== undefined) throw fault("metadata twice");
      family[key] = rest;
      continue;
    }
    const found = sampleLine.exec(line);
    if (found === null) throw fault("neither metadata nor a sample");
    const [, name = "", labels = "", number = ""] = found;
    if (!numberText.test(number)) throw fault("no number");
    if (current === undefined || !belongs(name, current, format)) throw fault("not of the family before it");
    current[1].samples.push({ name, labels: labelsIn(labels, fault), value: numberOf(number) });
  }
  return new Map([...families].map(([name, family]) => [name, checked(name, family, format)]));
}

function belongs(name: string, [family, { type = "" }]: [string, Open], format: string): boolean {
  if (type === "histogram") return ["_bucket", "_sum", "_count"].some((suffix) => name === family + suffix);
  if (format === "openmetrics" && type === "counter") return name === `${family}_total`;
  if (format === "openmetrics" && type === "info") return name === `${family}_info`;
  return name === family;
}

function labelsIn(text: string, fault: (why: string) => Error): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== ""; ) {
    const found = labelText.exec(rest);
    if (found === null) throw fault("labels that cannot be read");
    const [all, name = "", value = ""] = found;
    if (name in labels) throw fault("a label twice");
    labels[name] = value.replaceAll(/\\(.)/g, (_, one) => (one === "n" ? "\n" : one));
    rest = rest.slice(all.length);
  }
  return labels;
}

function numberOf(text: string): number {
  return text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text);
}

function checked(name: string, { type, help, unit, samples }: Open, format: string): ParsedFamily {
  if (type === undefined || help === undefined) throw new Error(`${name} has no type or no help`);
  if (format === "prometheus" && unit !== undefined) throw new Error(`${name} has a unit`);
  if (format === "prometheus" && type === "counter" && !name.endsWith("_total"))
    throw new Error(`${name} is a counter without _total`);
  if (unit !== undefined && !name.endsWith(`_${unit}`)) throw new Error(`${name} does not end with ${unit}`);
  const keys = samples.map((sample) => JSON.stringify([sample.name, Object.entries(sample.labels).sort()]));
  if (new Set(keys).size < keys.length) throw new Error(`${name} has a series twice`);
  if (type === "counter" && samples.some(({ value }) => value < 0)) throw new Error(`${name} is negative`);
  if (type === "histogram") checkHistogram(name, samples);
  return { type, help, samples, ...(unit !== undefined && { unit }) };
}

function checkHistogram(name: string, samples: readonly ParsedSample[]): void {
  const series = Map.groupBy(samples, ({ labels: { le: _, ...others } }) => JSON.stringify(others));
  for (const [labels, of] of series) {
    const buckets = of.filter((sample) => sample.name.endsWith("_bucket"));
    const bounds = buckets.map(({ labels: { le = "" } }) => numberOf(le));
    const rising = (numbers: readonly number[]) =>
      numbers.every((n, at) => at === 0 || n >= numbers[at - 1]!);
    const [sum, count] = ["_sum", "_count"].map((suffix) => of.find((one) => one.name === name + suffix));
    if (!rising(bounds) || new Set(bounds).size < bounds.length || bounds.at(-1) !== Infinity)
      throw new Error(`bounds of ${name} ${labels} do not rise to +Inf: ${bounds}`);
    if (!rising(buckets.map(({ value }) => value))) throw new Error(`buckets of ${name} ${labels} fall`);
    if (sum === undefined || count?.value !== buckets.at(-1)?.value)
      throw new Error(`${name} ${labels} has no sum, or another count than its last bucket`);
  }
}
