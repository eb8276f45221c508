/** How numbers, sizes and times are written, everywhere alike. Pure; the clock is handed in where one is needed. */

import { sizeWords } from '../../src-main/contract/words';

const thinSpace = '\u202f';

/** "214 MB". Null is "unknown". */
export function formatBytes(bytes: number | null | undefined): string {
  return bytes === null || bytes === undefined || !Number.isFinite(bytes) ? 'unknown' : sizeWords(bytes);
}

/** "40 064", grouped with narrow no-break spaces. Null is "unknown". */
export function formatCount(count: number | null | undefined): string {
  if (count === null || count === undefined || !Number.isFinite(count)) return 'unknown';
  const whole = Math.round(Math.abs(count)).toString();
  return (count < 0 ? '−' : '') + whole.replace(/\B(?=(\d{3})+(?!\d))/g, thinSpace);
}

/** "0.25", "40 064": a number without a unit, as what a strategy counts in. */
export function formatFigure(value: number): string {
  return Math.abs(value) >= 100 ? formatCount(value) : String(Number(value.toPrecision(3)));
}

/** "1 shard", "40 064 shards". The plural is the singular with an s unless it is given. */
export function formatCounted(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

/** "48 M", "5 120", "1.2 G": rows, where the exact figure is an estimate anyway. */
export function formatEstimate(count: number | null | undefined): string {
  if (count === null || count === undefined || !Number.isFinite(count) || count < 0) return 'unknown';
  if (count >= 999_500_000) return `${trimZero((count / 1e9).toFixed(count >= 9.95e9 ? 0 : 1))} G`;
  if (count >= 999_500) return `${trimZero((count / 1e6).toFixed(count >= 9.95e6 ? 0 : 1))} M`;
  return formatCount(count);
}

/** "under 1 s", "4 s", "1 min 12 s", "41 min", "2 h 5 min", "3 d 4 h". */
export function formatDuration(durationMs: number): string {
  const seconds = Math.round(Math.max(0, durationMs) / 1000);
  if (seconds < 1) return 'under 1 s';
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10 && seconds % 60 > 0) return `${minutes} min ${seconds % 60} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 > 0 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return hours % 24 > 0 ? `${days} d ${hours % 24} h` : `${days} d`;
}

/** "40 to 70 s", "4 to 7 min", "50 s to 2 min"; one figure where both ends read the same. */
export function formatDurationRange(range: readonly [number, number]): string {
  const [low, high] = [rangeEnd(range[0]), rangeEnd(range[1])];
  if (low.text === high.text) return low.text;
  if (low.unit === high.unit) return `${low.figure} to ${high.text}`;
  return `${low.text} to ${high.text}`;
}

function rangeEnd(durationMs: number): { figure: string; unit: string; text: string } {
  const seconds = Math.max(1, Math.round(durationMs / 1000));
  const [figure, unit] =
    seconds < 100
      ? [String(seconds), 's']
      : seconds < 5400
        ? [String(Math.round(seconds / 60)), 'min']
        : [trimZero((seconds / 3600).toFixed(1)), 'h'];
  return { figure, unit, text: `${figure} ${unit}` };
}

/** "now", "2 s ago", "5 min ago", "3 h ago", "2 d ago": one unit, rounded down. */
export function formatAge(at: string | number | Date, nowMs: number): string {
  const seconds = Math.floor((nowMs - new Date(at).getTime()) / 1000);
  if (Number.isNaN(seconds)) return 'unknown';
  if (seconds < 1) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** "12:04:31", local; with its day "2026-03-01 12:04:31" when that is not today. */
export function formatTime(at: string | number | Date, nowMs: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return 'unknown';
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
  return isSameDay(date, new Date(nowMs)) ? time : `${formatDay(date)} ${time}`;
}

/** "2026-03-01", local. */
export function formatDay(at: string | number | Date): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

/** "27 %". */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 1) return 'under 1 %';
  return `${Math.round(percent)} %`;
}

/** "1.06 ×". */
export function formatFactor(factor: number): string {
  return `${factor.toFixed(factor >= 9.95 ? 0 : 2)} ×`;
}

/** "permits, documents and 3 more". */
export function formatList(names: readonly string[], shown = 3): string {
  if (names.length <= shown) {
    return names.length < 2
      ? names.join('')
      : `${names.slice(0, -1).join(', ')} and ${names[names.length - 1] ?? ''}`;
  }
  return `${names.slice(0, shown).join(', ')} and ${formatCount(names.length - shown)} more`;
}

function isSameDay(one: Date, other: Date): boolean {
  return formatDay(one) === formatDay(other);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function trimZero(text: string): string {
  return text.replace(/\.0$/, '');
}
