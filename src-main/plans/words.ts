/** Figures in the sentences of a plan. Pure. */

/** "5 120", "48 million": estimates, so three figures are enough above a million. */
export function formatCount(count: number): string {
  if (count >= 999_500_000) return `${Number((count / 1e9).toPrecision(3))} billion`;
  if (count >= 999_500) return `${Number((count / 1e6).toPrecision(3))} million`;
  return Math.round(count)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

/** "27 %". */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 1) return 'under 1 %';
  if (percent > 99 && percent < 100) return 'over 99 %';
  return `${Math.round(percent)} %`;
}
