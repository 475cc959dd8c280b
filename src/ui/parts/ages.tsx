/** How old what is stuck is, as a small histogram. The youngest are new trouble, and red. */

const names: Readonly<Record<string, string>> = {
  "0s": "under 15 min",
  "15m": "15 min to 1 h",
  "1h": "1 to 6 h",
  "6h": "6 h to 1 day",
  "1d": "1 to 7 days",
  "7d": "over 7 days",
};
const height = 18;

export function Ages({ ages }: { ages: readonly { readonly over: string; readonly count: number }[] }) {
  const highest = Math.max(1, ...ages.map(({ count }) => count));
  const label = ages
    .filter(({ count }) => count > 0)
    .map(({ over, count }) => `${count} ${names[over] ?? over}`)
    .join(", ");
  return (
    <svg
      class="ages"
      role="img"
      aria-label={label}
      width={`${(ages.length * 13) / 16}rem`}
      height={`${height / 16}rem`}
      viewBox={`0 0 ${ages.length * 13} ${height}`}
    >
      <title>{label}</title>
      {ages.map(({ over, count }, index) => {
        // Few beside many must be seen, too.
        const tall = count === 0 ? 1 : Math.max(3, (count / highest) * height);
        return (
          <rect
            key={over}
            class={count > 0 && over === "0s" ? "marked" : "plain"}
            x={index * 13}
            y={height - tall}
            width={11}
            height={tall}
          />
        );
      })}
    </svg>
  );
}
