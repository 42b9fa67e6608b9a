const WEB_ADDRESS = /^https?:\/\/[^\s\p{Cc}]+$/iu;

/** An absolute URL with the scheme `http` or `https`, without spaces and control characters. */
export function isWebAddress(text: string): boolean {
  return WEB_ADDRESS.test(text) && URL.canParse(text);
}

const PARTIAL_DATE = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/;

/** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, of a day that exists: level 0 of EDTF without times and intervals. */
export function isPartialDate(text: string): boolean {
  const [, year, month = '01', day = '01'] = PARTIAL_DATE.exec(text) ?? [];
  if (year === undefined) return false;
  const first = `${year}-${month}-${day}`;
  const date = new Date(`${first}T00:00:00Z`);
  // February 31 is read as March 3.
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(first);
}
