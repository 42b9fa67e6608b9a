const TOKENS = /"(?:[^"\\]+|\\.)*"|[{}[\],:]/g;

/** A key that an object in this valid JSON has twice, of which JSON.parse keeps only the last; null when none is. */
export function findRepeatedKey(json: string): string | null {
  const open: (Set<string> | null)[] = [];
  let last = '';
  for (const [token] of json.matchAll(TOKENS)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const keys = open.at(-1);
      const key = JSON.parse(last) as string;
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
    last = token;
  }
  return null;
}
