import { z } from 'zod';
import { documentedAs, text, word } from '../input.js';
import { seconds } from '../response-schemas.js';

const role = z
  .enum(['user', 'admin'])
  .meta({ id: 'UserRole', description: 'What a user may do: an admin sees and changes everything.' });

export const userSchema = z
  .object({
    username: z.string(),
    email: z.string().nullable(),
    role,
    created_at: z.iso.datetime(),
    last_login: z.iso.datetime().nullable(),
    sso_provider: z.string().nullable(),
    is_sso_user: z.boolean(),
  })
  .meta({ id: 'User', description: 'A person who may use this server.' });

export const authStatusSchema = z
  .object({
    auth_enabled: z.boolean(),
    authenticated: z.boolean(),
    user: userSchema.nullable(),
    registration_enabled: z.boolean(),
    sso_enabled: z.boolean(),
    sso_providers: z.array(z.string()),
  })
  .meta({ id: 'AuthStatus', description: 'How to sign in, and who is signed in.' });

export const userListSchema = z
  .array(userSchema)
  .meta({ id: 'UserList', description: 'All users, those who were added first come first.' });

export const addedUserSchema = z
  .object({ message: z.string(), user: userSchema })
  .meta({ id: 'AddedUser', description: 'The new user, and a sentence to show.' });

export const authMessageSchema = z
  .object({ message: z.string() })
  .meta({ id: 'AuthMessage', description: 'What was done, as a sentence to show.' });

export const signedInSchema = z
  .object({
    access_token: z.string(),
    token: z.string().describe('The same as `access_token`.'),
    token_type: z.literal('bearer'),
    expires_in: seconds,
    user: userSchema,
  })
  .meta({ id: 'SignedIn', description: 'A token to send as `Authorization: Bearer …`, and whose it is.' });

/** Whether it may be a name of somebody is decided where users are added. */
const username = text().describe(
  'Name to sign in with: 3 to 64 letters, digits, `.`, `_` or `-`. Case is ignored when names are compared.',
);

/** Not trimmed: spaces are part of a password. Its length is judged where passwords are stored. */
const password = (about: string) =>
  z.string({ error: 'required, a text' }).min(1, { error: 'required, a text' }).describe(about);

export const login = z
  .object({
    username: text().describe('Name of the user, in upper or lower case.'),
    password: password('Password of the user.'),
  })
  .describe('Name and password of the account to sign in to.');

/** The form of a browser sends "" for a field that was left empty. */
const noEmail = z.union([z.null(), z.literal('').transform(() => null)]);

const email = documentedAs(
  z.union([noEmail, z.email().max(254)], { error: 'an email address is expected, or null' }),
  { anyOf: [{ type: 'string', format: 'email' }, { type: 'string', pattern: '^$' }, { type: 'null' }] },
)
  .optional()
  .describe('Email address of the user, if there is one; `null` and an empty text count as none.');

export const newAccount = z
  .object({ username, password: password('Password of the account: 8 to 512 characters.'), email })
  .describe('The account to create.');

const newRole = word(['USER', 'ADMIN'], role);

export const newUser = newAccount
  .extend({ role: newRole.default('USER').describe('Role of the new user.') })
  .describe('The account to create for somebody.');

export const userPath = z.object({ username });

export const roleChange = userPath
  .extend({ role: newRole.describe('Role that the user gets.') })
  .describe('The role to give to a user.');

const newPassword = password('New password: 8 to 512 characters.');

export const passwordReset = userPath
  .extend({ new_password: newPassword })
  .describe('The password to give to a user.');

export const passwordChange = z
  .object({
    current_password: password('Password that you sign in with now.'),
    new_password: newPassword,
  })
  .describe('Your current password and a new one.');
