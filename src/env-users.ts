import { z } from 'zod';
import { onOff, positiveNumber, userName, variableFacts, type Provided } from './lib/env-values.js';

/* Variables about users and what is secret. */

export const USER_VARIABLES = {
  AUTH_ENABLED: onOff.default(false).register(variableFacts, {
    kind: 'true or false',
    default: 'false',
    description: 'Whether people sign in; otherwise everyone is the user "system", an admin.',
  }),
  REGISTRATION_ENABLED: onOff.default(false).register(variableFacts, {
    kind: 'true or false',
    default: 'false',
    description:
      'Whether people may create an account themselves. The first to register is an admin, in any case.',
  }),
  ADMIN_USERNAME: userName.optional().register(variableFacts, {
    kind: '3 to 64 letters, digits, ".", "_" or "-"',
    default: null,
    description: 'Name of the admin that is made when there are no users; with ADMIN_PASSWORD.',
  }),
  ADMIN_PASSWORD: z.string().min(8).max(512).optional().register(variableFacts, {
    kind: '8 to 512 characters',
    default: null,
    description: 'First password of ADMIN_USERNAME; later values change nothing.',
  }),
  TOKEN_HOURS: positiveNumber.default(24).register(variableFacts, {
    kind: 'an integer from 1 to 99999',
    default: '24',
    description: 'Hours that the token of a sign-in by REST is valid.',
  }),
  AUDIT_DAYS: positiveNumber.default(365).register(variableFacts, {
    kind: 'an integer from 1 to 99999',
    default: '365',
    description: 'Days that entries of the audit log are kept.',
  }),
  SECRET_KEY: z.string().min(32).max(1_024).optional().register(variableFacts, {
    kind: '32 to 1,024 characters that are hard to guess',
    default: null,
    description:
      'Encrypts what must stay secret in the database; the same for all processes that share one. By default made once, in DATA_DIR.',
  }),
  SECRET_KEY_PREVIOUS: z.string().min(32).max(1_024).optional().register(variableFacts, {
    kind: '32 to 1,024 characters',
    default: null,
    description:
      'A SECRET_KEY that was replaced: decrypts what it has encrypted, until `rotate-secret-key` has run.',
  }),
};

type UserVariables = z.infer<z.ZodObject<typeof USER_VARIABLES>>;

export interface UserEnv {
  authEnabled: boolean;
  registrationEnabled: boolean;
  /** Made when there are no users. */
  firstAdmin: { username: string; password: string } | null;
  tokenHours: number;
  auditDays: number;
  secretKey: string | null;
  previousSecretKey: string | null;
}

export function findUserConflicts(provided: Provided): string[] {
  if (Boolean(provided['ADMIN_USERNAME']) === Boolean(provided['ADMIN_PASSWORD'])) return [];
  return ['ADMIN_USERNAME and ADMIN_PASSWORD go together; set both, or neither.'];
}

export function toUserEnv(parsed: UserVariables): UserEnv {
  return {
    authEnabled: parsed.AUTH_ENABLED,
    registrationEnabled: parsed.REGISTRATION_ENABLED,
    firstAdmin:
      parsed.ADMIN_USERNAME !== undefined && parsed.ADMIN_PASSWORD !== undefined
        ? { username: parsed.ADMIN_USERNAME, password: parsed.ADMIN_PASSWORD }
        : null,
    tokenHours: parsed.TOKEN_HOURS,
    auditDays: parsed.AUDIT_DAYS,
    secretKey: parsed.SECRET_KEY ?? null,
    previousSecretKey: parsed.SECRET_KEY_PREVIOUS ?? null,
  };
}
