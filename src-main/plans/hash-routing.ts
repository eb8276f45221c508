/**
 * Where a value lands: the hash of a distribution column's value and the shard whose range holds it, as PostgreSQL and
 * Citus compute them, without asking a server.
 *
 * The hash is that of the column type's default hash operator class (PostgreSQL: common/hashfn.c, hashint8, hashtext,
 * uuid_hash, hash_numeric ...), read as a signed 32-bit integer; the ranges are Citus's uniform ones (citus
 * operations/create_shards.c). Text is hashed as UTF-8, which holds for databases in that encoding with a
 * deterministic collation, the only ones Citus distributes by.
 */

/** A type, as format_type writes it, mapped to the hash function it uses. */
const hashFunctions: Readonly<Record<string, (value: string) => number>> = {
  smallint: (value) => hashInt8(integer(value, -32_768n, 32_767n)),
  integer: (value) => hashInt8(integer(value, -2_147_483_648n, 2_147_483_647n)),
  bigint: (value) => hashInt8(integer(value, -(2n ** 63n), 2n ** 63n - 1n)),
  text: (value) => hashBytes(new TextEncoder().encode(value)),
  uuid: (value) => hashBytes(uuidBytes(value)),
  date: (value) => hashUint32(Number(BigInt.asUintN(32, daysSince2000(value)))),
  'timestamp with time zone': (value) => hashInt8(microsecondsSince2000(value)),
  boolean: (value) => hashUint32(truth(value) ? 1 : 0),
  numeric: (value) => hashNumeric(value),
};

const sameTypes: Readonly<Record<string, string>> = {
  int2: 'smallint',
  int4: 'integer',
  int: 'integer',
  int8: 'bigint',
  varchar: 'text',
  'character varying': 'text',
  timestamptz: 'timestamp with time zone',
  bool: 'boolean',
  decimal: 'numeric',
};

/** The name under which a type is hashed; null for a type this module does not know. `varchar(20)` is `text`. */
export function hashedType(type: string): string | null {
  const bare = type
    .trim()
    .toLowerCase()
    .replace(/\s*\([^)]*\)/, '');
  const name = sameTypes[bare] ?? bare;
  return Object.hasOwn(hashFunctions, name) ? name : null;
}

/**
 * The signed 32-bit hash of a value given as text.
 * Throws a RangeError that says what is wrong when the text is no value of the type, or the type is not known.
 */
export function hashOf(type: string, value: string): number {
  const name = hashedType(type);
  const hash = name === null ? undefined : hashFunctions[name];
  if (!hash) throw new RangeError(`values of type ${type} cannot be hashed here`);
  return hash(value) | 0;
}

export interface HashRange {
  /** Inclusive. */
  readonly minValue: number;
  readonly maxValue: number;
}

/** The ranges of a table made with `shardCount` shards, in order. */
export function uniformRanges(shardCount: number): readonly HashRange[] {
  const width = Math.floor(2 ** 32 / shardCount);
  return Array.from({ length: shardCount }, (_, index) => {
    const minValue = -(2 ** 31) + index * width;
    return { minValue, maxValue: index === shardCount - 1 ? 2 ** 31 - 1 : minValue + width - 1 };
  });
}

/** Index of the range that holds a hash; -1 when there is a gap. `ranges` are in ascending order. */
export function rangeIndexOf(ranges: readonly HashRange[], hash: number): number {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (!range) return -1;
    if (hash < range.minValue) high = middle - 1;
    else if (hash > range.maxValue) low = middle + 1;
    else return middle;
  }
  return -1;
}

function integer(text: string, min: bigint, max: bigint): bigint {
  if (!/^\s*[+-]?\d+\s*$/.test(text)) throw new RangeError(`"${text}" is no whole number`);
  const value = BigInt(text.trim().replace(/^\+/, ''));
  if (value < min || value > max) throw new RangeError(`${value} is out of range (${min} to ${max})`);
  return value;
}

function uuidBytes(text: string): Uint8Array {
  const digits = text
    .trim()
    .replace(/^\{(.*)\}$/, '$1')
    .replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/i.test(digits)) throw new RangeError(`"${text}" is no uuid`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function truth(text: string): boolean {
  const word = text.trim().toLowerCase();
  if (['t', 'true', 'y', 'yes', 'on', '1'].includes(word)) return true;
  if (['f', 'false', 'n', 'no', 'off', '0'].includes(word)) return false;
  throw new RangeError(`"${text}" is neither true nor false`);
}

const microsecondsOfDay = 86_400_000_000n;

function daysSince2000(text: string): bigint {
  const found = /^\s*(\d{4,})-(\d{2})-(\d{2})(\s+BC)?\s*$/i.exec(text);
  if (!found) throw new RangeError(`"${text}" is no date of the form 2026-01-31`);
  const [, year = '', month = '', day = '', era] = found;
  return civilDays(era ? 1 - Number(year) : Number(year), Number(month), Number(day), text);
}

function microsecondsSince2000(text: string): bigint {
  const found =
    /^\s*(\d{4,}-\d{2}-\d{2})[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?\s*(?:Z|UTC|([+-])(\d{2})(?::?(\d{2}))?)(\s+BC)?\s*$/i.exec(
      text,
    );
  if (!found) throw new RangeError(`"${text}" is no time of the form 2026-01-31 12:00:00+00`);
  const [
    ,
    date = '',
    hour,
    minute,
    second = '0',
    fraction = '',
    sign,
    zoneHour = '0',
    zoneMinute = '0',
    era,
  ] = found;
  const days = daysSince2000(date + (era ?? ''));
  const seconds = BigInt(Number(hour) * 3600 + Number(minute) * 60 + Number(second));
  const offset = BigInt((sign === '-' ? -1 : 1) * (Number(zoneHour) * 3600 + Number(zoneMinute) * 60));
  return days * microsecondsOfDay + (seconds - offset) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}

/** Days from 2000-01-01 in the proleptic Gregorian calendar, which PostgreSQL uses throughout. */
function civilDays(year: number, month: number, day: number, text: string): bigint {
  const time = new Date(0);
  time.setUTCFullYear(year, month - 1, day);
  if (time.getUTCMonth() !== month - 1 || time.getUTCDate() !== day) {
    throw new RangeError(`"${text}" is no day of the calendar`);
  }
  return BigInt(time.getTime() / 86_400_000 - 10_957);
}

/** int2, int4 and int8 of one value hash alike: the upper half is folded in only where it says something. */
function hashInt8(value: bigint): number {
  const low = Number(BigInt.asUintN(32, value));
  const high = Number(BigInt.asUintN(32, value >> 32n));
  return hashUint32((low ^ (value >= 0n ? high : ~high)) >>> 0);
}

/** PostgreSQL keeps a numeric as base-10000 digits and a weight; zeros at either end are not hashed. */
function hashNumeric(text: string): number {
  const found = /^\s*[+-]?(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:e([+-]?\d{1,5}))?\s*$/i.exec(text);
  if (!found) {
    if (/^\s*(?:nan|[+-]?inf(?:inity)?)\s*$/i.test(text)) return 0;
    throw new RangeError(`"${text}" is no number`);
  }
  const whole = found[1] ?? '';
  const fraction = found[2] ?? found[3] ?? '';
  const exponent = Number(found[4] ?? '0');
  let digits = (whole + fraction).replace(/^0+/, '');
  // Position of the decimal point, counted from the first digit that is left.
  let point = whole.length + exponent - (whole.length + fraction.length - digits.length);
  digits = digits.replace(/0+$/, '');
  if (digits === '') return -1;
  const lead = ((-point % 4) + 4) % 4;
  digits = '0'.repeat(lead) + digits;
  point += lead;
  digits = digits.padEnd(Math.ceil(digits.length / 4) * 4, '0');
  const words = (digits.match(/.{4}/g) ?? []).map(Number);
  const bytes = new Uint8Array(words.length * 2);
  words.forEach((word, index) => bytes.set([word & 255, word >> 8], index * 2));
  return hashBytes(bytes) ^ (point / 4 - 1);
}

const seed = 0x9e3779b9 + 3_923_095;

function hashUint32(word: number): number {
  const start = (seed + 4) >>> 0;
  return finish((start + word) >>> 0, start, start);
}

/** The hash of a run of bytes: twelve at a time, three 32-bit lanes, little-endian. */
function hashBytes(bytes: Uint8Array): number {
  let a = (seed + bytes.length) >>> 0;
  let b = a;
  let c = a;
  const byteAt = (index: number): number => bytes[index] ?? 0;
  const wordAt = (index: number): number =>
    (byteAt(index) | (byteAt(index + 1) << 8) | (byteAt(index + 2) << 16) | (byteAt(index + 3) << 24)) >>> 0;
  let offset = 0;
  for (; bytes.length - offset >= 12; offset += 12) {
    a = (a + wordAt(offset)) >>> 0;
    b = (b + wordAt(offset + 4)) >>> 0;
    c = (c + wordAt(offset + 8)) >>> 0;
    [a, b, c] = mix(a, b, c);
  }
  // Bytes past the end read as 0; the lowest byte of the third lane is the length's and takes none of them.
  a = (a + wordAt(offset)) >>> 0;
  b = (b + wordAt(offset + 4)) >>> 0;
  c = (c + ((byteAt(offset + 8) << 8) | (byteAt(offset + 9) << 16) | (byteAt(offset + 10) << 24))) >>> 0;
  return finish(a, b, c);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function mix(a: number, b: number, c: number): [number, number, number] {
  a = (a - c) ^ rotate(c, 4);
  c = (c + b) | 0;
  b = (b - a) ^ rotate(a, 6);
  a = (a + c) | 0;
  c = (c - b) ^ rotate(b, 8);
  b = (b + a) | 0;
  a = (a - c) ^ rotate(c, 16);
  c = (c + b) | 0;
  b = (b - a) ^ rotate(a, 19);
  a = (a + c) | 0;
  c = (c - b) ^ rotate(b, 4);
  b = (b + a) | 0;
  return [a, b, c];
}

function finish(a: number, b: number, c: number): number {
  c = (c ^ b) - rotate(b, 14);
  a = (a ^ c) - rotate(c, 11);
  b = (b ^ a) - rotate(a, 25);
  c = (c ^ b) - rotate(b, 16);
  a = (a ^ c) - rotate(c, 4);
  b = (b ^ a) - rotate(a, 14);
  c = (c ^ b) - rotate(b, 24);
  return c | 0;
}
