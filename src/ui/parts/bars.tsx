/** Small charts of bars, with a text for who cannot see them. */

interface BarsProps {
  /** Of any unit; the highest fills the height. */
  readonly values: readonly number[];
  /** Drawn in red from the bottom, over the others. */
  readonly marked?: readonly number[];
  /** The whole chart in one sentence. */
  readonly label: string;
  /** Pixels at the usual size of text, with which it grows. */
  readonly height?: number;
}

/** A row of bars that fills its width. */
export function Bars({ values, marked, label, height = 32 }: BarsProps) {
  const highest = Math.max(1, ...values, ...(marked ?? []));
  const width = values.length;
  const bar = (value: number, at: number, tone: string) => {
    if (value <= 0) return null;
    const tall = Math.max(1, (value / highest) * height);
    return (
      <rect key={`${tone}${at}`} class={tone} x={at + 0.1} y={height - tall} width={0.8} height={tall} />
    );
  };
  return (
    <svg
      class="bars"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${Math.max(1, width)} ${height}`}
      preserveAspectRatio="none"
      style={{ height: `${height / 16}rem` }}
    >
      {values.map((value, at) => bar(value, at, "plain"))}
      {marked?.map((value, at) => bar(value, at, "marked"))}
    </svg>
  );
}
