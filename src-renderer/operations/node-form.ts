/** Pure: what is wrong with an address, in words; null when nothing is. */

export function hostError(host: string): string | null {
  const text = host.trim();
  if (text === '') return 'A host is needed.';
  if (/[\s/@]/.test(text)) return 'A host name or address, without spaces, "/" or "@".';
  if (/:\d+$/.test(text) && !text.includes('::')) return 'The port has a field of its own.';
  return null;
}

export function portError(port: string): string | null {
  const value = Number(port);
  if (!/^\d{1,5}$/.test(port.trim()) || value < 1 || value > 65_535) return 'A number from 1 to 65535.';
  return null;
}

/** Empty is allowed: the server's own setting. */
export function shardCountError(text: string): string | null {
  if (text.trim() === '') return null;
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text.trim()) || value < 1 || value > 64_000) return 'A number from 1 to 64000.';
  return null;
}
