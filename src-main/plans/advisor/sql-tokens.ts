/** Words, names, values and signs of a statement; comments and blanks are left out. Pure. */

export interface Token {
  /** `value` is a constant or a parameter. */
  readonly kind: 'word' | 'name' | 'value' | 'sign';
  /** Words that were not quoted in lower case; names as they are meant. */
  readonly text: string;
}

const pattern =
  /(--[^\n]*|\/\*[\s\S]*?\*\/|\s+)|("(?:[^"]|"")+")|([eEbBxXnN]?'(?:[^'\\]|''|\\[\s\S])*'|\$\d+|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\4\$|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(::|:=|=>|<=|>=|<>|!=|\|\||[-+*/<>=~!@#%^&|`?]+|[\s\S])/gy;

export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const found of text.matchAll(pattern)) {
    const [whole, blank, quoted, value, , word, sign] = found;
    if (blank !== undefined) continue;
    if (quoted !== undefined) tokens.push({ kind: 'name', text: quoted.slice(1, -1).replaceAll('""', '"') });
    else if (value !== undefined) tokens.push({ kind: 'value', text: value });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word.toLowerCase() });
    else tokens.push({ kind: 'sign', text: sign ?? whole });
  }
  return tokens;
}
