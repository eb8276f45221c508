/** Pure: one colour over another, for a canvas that knows no transparency in a gradient. */

const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i;

/** `share` 1 is `over` alone. Both as #rrggbb; what is not stays as it is. */
export function mixColours(over: string, under: string, share: number): string {
  const [one, other] = [hex.exec(over), hex.exec(under)];
  if (one === null || other === null) return over;
  const channel = (index: number): string => {
    const value = parseInt(one[index] ?? '0', 16) * share + parseInt(other[index] ?? '0', 16) * (1 - share);
    return Math.round(value).toString(16).padStart(2, '0');
  };
  return `#${channel(1)}${channel(2)}${channel(3)}`;
}
