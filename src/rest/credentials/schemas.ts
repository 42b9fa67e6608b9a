import { z } from 'zod';
import { secretNamesOf, SECRETS, SERVICES, type SecretName } from '../../accounts/services.js';
import { ACCOUNT_NAME } from '../../settings/settings.js';
import { documentedAs } from '../input.js';
import { inSnakeCase } from '../setting-names.js';

/** Names of the secrets in GraphQL, by those in REST. */
export const SECRET_KEYS = new Map(secretNamesOf(SECRETS).map((name) => [inSnakeCase(name), name]));

const serviceNames = SERVICES.map(({ name }) => name);

export const serviceInput = z.object({
  service: z
    .enum(serviceNames, { error: `allowed are ${serviceNames.join(', ')}` })
    .describe('Service of the credentials.'),
});

export const accountInput = serviceInput.extend({
  name: z
    .string()
    .regex(ACCOUNT_NAME, { error: 'must be 1 to 64 letters, digits, ".", "_" or "-", and not only dots' })
    .describe('Name of the credentials, which tells those of a service apart.'),
});

/** Empty for what is omitted, or a hint: forms send all their fields, and clients send back what they were shown. */
const KEPT = '^$|^…[!-~]{0,4}$';

function secretInput(name: SecretName) {
  const { pattern, rule, description } = SECRETS[name];
  const allowed = new RegExp(`${KEPT}|${pattern.source}`);
  const text = z.string({ error: rule }).trim().regex(allowed, { error: rule });
  if (name !== 'blobContent') return text.optional().describe(description);
  return documentedAs(z.union([text, blobFile.pipe(text)], { error: rule }), {
    type: 'string',
    pattern: allowed.source,
  })
    .optional()
    .describe(description);
}

/** Some clients send the file's JSON as an object, not as text. */
const blobFile = z
  .record(z.string(), z.unknown())
  .refine((file) => [file['credentials'], file['auth_data']].some((each) => typeof each === 'string'))
  .transform((file) => JSON.stringify(file));

/** Read by `toSecrets`: their names are known to the table alone. */
const allSecrets: Record<never, z.ZodType> = Object.fromEntries(
  [...SECRET_KEYS].map(([key, name]) => [key, secretInput(name)]),
);

const region = z
  .string()
  .trim()
  .regex(/^([A-Za-z]{2})?$/, { error: 'must be a country in two letters, such as DE, or empty' });

export const accountValuesInput = z
  .object({
    ...accountInput.shape,
    region: region
      .nullable()
      .optional()
      .describe('Country of the account in ISO 3166-1, for example DE; empty or null for none.'),
    ...allSecrets,
  })
  .meta({
    description:
      'For Spotify `client_id` and `client_secret`, or `blob_content`; for Deezer `arl`. In a change, what is omitted or empty keeps its value.',
  });

export const spotifyAppInput = z
  .object({ client_id: secretInput('clientId'), client_secret: secretInput('clientSecret') })
  .meta({ description: 'An omitted or empty value keeps the stored one.' });

const hintFields = Object.fromEntries(
  [...SECRET_KEYS.keys()].map((key) => {
    const description = `The last characters of \`${key}\`, or only \`…\`; omitted when not set.`;
    return [key, z.string().optional().meta({ description })];
  }),
);

export const accountSchema = z
  .object({
    name: z.string(),
    service: z.string(),
    region: z.string().nullable(),
    has_secret: z.boolean().meta({ description: 'Whether secrets are stored, which are never returned.' }),
    is_active: z.boolean().meta({ description: 'Whether the setting of the service names it.' }),
    used_for_audio: z.boolean().meta({ description: 'Whether audio is downloaded by it.' }),
    note: z.string().meta({ description: 'What credentials of this service are used for.' }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    ...hintFields,
  })
  .meta({ id: 'Credentials', description: 'Credentials for a service, without their secrets.' });

export const namesSchema = z
  .array(z.string())
  .meta({ id: 'CredentialNames', description: 'Names of all credentials of a service.' });

const namedAccountSchema = z
  .object({ name: z.string(), details: accountSchema })
  .meta({ id: 'NamedCredentials', description: 'Credentials with their name beside them.' });

export const accountListSchema = z
  .array(namedAccountSchema)
  .meta({ id: 'CredentialsList', description: 'All credentials of a service, by name.' });

export const accountChangeSchema = z
  .object({
    message: z.string(),
    details: z
      .object({
        status: z.enum(['created', 'updated', 'deleted']),
        service: z.string(),
        name: z.string(),
        used_for_audio: z.boolean(),
      })
      .meta({ id: 'CredentialsChangeDetails', description: 'The credentials that were changed, and how.' }),
  })
  .meta({ id: 'CredentialsChange', description: 'A change of credentials that was made.' });

const spotifyApp = z.object({
  client_id: z.string().meta({ description: 'Empty when not set.' }),
  client_secret: z.literal('').meta({ description: 'Always empty: the secret is never returned.' }),
  has_secret: z.boolean().meta({ description: 'Whether a client secret is stored.' }),
});
export const spotifyAppSchema = spotifyApp.meta({
  id: 'SpotifyApp',
  description: 'The app by which the server uses the API of Spotify.',
});
export const changedSpotifyAppSchema = spotifyApp
  .extend({ message: z.string() })
  .meta({ id: 'ChangedSpotifyApp', description: 'The app after a change.' });

const countries = (whose: string) =>
  z.array(z.string()).meta({ description: `Countries in ISO 3166-1, first those of ${whose}.` });
export const marketsSchema = z
  .object({
    spotify: countries('Spotify accounts'),
    deezer: countries('Deezer accounts'),
    markets: countries('any account'),
  })
  .meta({ id: 'Markets', description: 'Countries that an account can be of.' });
