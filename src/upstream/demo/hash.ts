/** FNV-1a, 32 bits, then stirred so that texts that differ in one letter differ in every bit. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** One of the choices, always the same for the same seed. */
export function pick<T>(choices: readonly T[], seed: string): T {
  return choices[hashOf(seed) % choices.length] as T;
}
