/** `XX` is a country code that ISO 3166 gives to no country, so that no real recording has one of these. */
const ISRC_PREFIX = 'XXDEM';
/** UPCs that start with 4 are for use inside one shop. */
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
