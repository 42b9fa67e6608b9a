/** The rows' types, for everyone; the client itself stays with the stores. */
export type { LibraryFile, Task, User } from '../generated/prisma/client.js';
export type { TaskKind, TaskState, UserRole } from '../generated/prisma/enums.js';
