const PATH = /^\/(?:licenses|publicdomain)\/[a-z]/i;

export const ACCEPTED_LICENCES =
  'only addresses of licenses below creativecommons.org/licenses/ and creativecommons.org/publicdomain/ are accepted';

/** Several apply together, so each has to be accepted. Null where one is not, and where nothing is stated. */
export function openLicenceOf(stated: readonly string[]): string | null {
  const present = stated.map((each) => each.trim()).filter(Boolean);
  return present.length > 0 && present.every(isOpenLicence) ? present.join(' ') : null;
}

function isOpenLicence(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, port, username, password } = new URL(text);
  return (
    /^https?:$/.test(protocol) &&
    /^(?:www\.)?creativecommons\.org$/.test(hostname) &&
    `${port}${username}${password}` === '' &&
    PATH.test(pathname)
  );
}
