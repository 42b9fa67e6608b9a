/** ISO 3166 assigns `XX` to no country, so that no real recording has such a code. */
const ISRC_PREFIX = 'XXDEM';
/** UPCs that start with 4 are reserved for local use, as within one store. */
const UPC_PREFIX = '4';

/** @param year two digits  @param designation at most five digits, used once a year */
export function toIsrc(year: string, designation: number): string {
  return `${ISRC_PREFIX}${year}${String(designation).padStart(5, '0')}`;
}

/** Twelve digits, the last of them the check digit. */
export function toUpc(albumNumber: number): string {
  const digits = UPC_PREFIX + String(albumNumber).padStart(10, '0');
  return digits + checkDigit(digits);
}

/** Digits in odd places count three times; the check digit fills the sum up to a multiple of ten. */
function checkDigit(digits: string): number {
  const sum = [...digits].reduce(
    (total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 3 : 1),
    0,
  );
  return (10 - (sum % 10)) % 10;
}

/** FNV-1a, 32 bits, then mixed so that texts that differ in one letter differ in every bit. */
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
