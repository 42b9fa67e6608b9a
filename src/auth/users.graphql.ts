import { builder } from '../graphql/builder.js';
import { parseRowId } from '../graphql/node-id.js';

const UserRoleEnum = builder.enumType('UserRole', {
  description: 'What a user may do.',
  values: {
    USER: { description: 'Sees and changes what is their own.' },
    ADMIN: { description: 'Sees and changes everything.' },
  },
});

export const UserType = builder.prismaNode('User', {
  description: 'Someone who uses this server.',
  id: { field: 'id' },
  // Asked for by `node(id:)` by anyone, with any id.
  nullable: true,
  findUnique: (id) => ({ id: parseRowId('User', id) }),
  fields: (t) => ({
    username: t.exposeString('username', { description: 'The name to sign in with.' }),
    role: t.expose('role', { type: UserRoleEnum, description: 'What they may do.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the account was made.' }),
  }),
});

builder.queryField('viewer', (t) =>
  t.prismaField({
    type: UserType,
    nullable: true,
    description: 'Who is asking; with authentication off the user `system`.',
    resolve: (query, _root, _args, { db, viewer }) =>
      db.user.findUnique({ ...query, where: { id: viewer.id } }),
  }),
);
