import pg from 'pg';
import { EnvError } from '../env.js';
import { messageOf, systemCodeOf } from '../lib/errors.js';

/** Wrong with DATABASE_URL or with what it leads to: starting again does not help, its owner has to change it. */
export class DatabaseSetupError extends EnvError {
  constructor(problem: string) {
    super([problem]);
    this.name = 'DatabaseSetupError';
  }
}

/** No answer, or one that may be another at the next start. */
export class DatabaseUnreachableError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'DatabaseUnreachableError';
  }
}

export async function connectTo(url: string, config: pg.ClientConfig): Promise<pg.Client> {
  const client = createClient(url, config);
  // Without a listener an error ends the process; the next query reports it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (cause) {
    throw explainConnection(cause);
  }
}

function createClient(url: string, config: pg.ClientConfig): pg.Client {
  try {
    return new pg.Client({ connectionString: url, ...config });
  } catch (cause) {
    const file = systemCodeOf(cause) === 'ENOENT' ? ', or names a certificate that does not exist' : '';
    // The error itself has the URL as a property.
    throw new DatabaseSetupError(
      `DATABASE_URL is not a valid URL${file}; expected: postgresql://user:password@host:port/database, ` +
        'with special characters in the password percent-encoded.',
    );
  }
}

const UNKNOWN_AUTHORITY =
  'Name its certificate authority with "sslrootcert=/path/to/ca.pem" in DATABASE_URL, or encrypt without checking the certificate with "sslmode=no-verify".';
const SEE_HBA = 'Correct user, password or database in DATABASE_URL, or pg_hba.conf on the server.';

/** By codes of PostgreSQL and of Node's TLS. */
const REMEDIES: Readonly<Record<string, string>> = {
  '28P01': 'Correct user and password in DATABASE_URL; special characters in them must be percent-encoded.',
  '28000': SEE_HBA,
  '3D000': 'Create it, or correct its name in DATABASE_URL.',
  '42501': 'Grant the role CONNECT on the database.',
  '0A000': SEE_HBA,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  ERR_TLS_CERT_ALTNAME_INVALID: 'Use the name of the certificate in DATABASE_URL, or "sslmode=no-verify".',
  CERT_HAS_EXPIRED: 'Renew the certificate of the server.',
};

function explainConnection(cause: unknown): Error {
  const code = systemCodeOf(cause) ?? '';
  // When a host name has several addresses and all refuse, there is a code and no message.
  const why = messageOf(cause) || code || 'no answer';
  const refused = `The database that DATABASE_URL names refuses: ${why}.`;
  if (Object.hasOwn(REMEDIES, code)) return new DatabaseSetupError(`${refused} ${REMEDIES[code]}`);
  if (/startup parameter/.test(why)) return new DatabaseSetupError(`${refused} ${NO_POOLER}`);
  if (/does not support SSL/.test(why)) {
    return new DatabaseSetupError(`${refused} Turn TLS on there, or set "sslmode=disable" in DATABASE_URL.`);
  }
  return (
    tooManyConnections(cause) ??
    new DatabaseUnreachableError(
      `Cannot connect to the database that DATABASE_URL names: ${why}. Check the URL, and that the server is up.`,
      { cause },
    )
  );
}

/** Eight for work, ten for requests, four for expensive reads (app.ts), four for jobs, two that listen, two at start. */
export const CONNECTIONS_NEEDED = 30;

/** At any time of the start; null for another error. */
export function tooManyConnections(thrown: unknown): DatabaseSetupError | null {
  if (systemCodeOf(thrown) !== '53300') return null;
  return new DatabaseSetupError(
    `The database that DATABASE_URL names has no connection left; each process of Reprise needs up to ${CONNECTIONS_NEEDED}. ` +
      'Raise max_connections, or the CONNECTION LIMIT of the role or database, or end other programs.',
  );
}

export const NO_POOLER =
  'A connection pooler such as PgBouncer is in between: Reprise listens and locks in sessions of its own. Let DATABASE_URL name the PostgreSQL server itself, or a pool in session mode.';
