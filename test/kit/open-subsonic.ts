import type { SubsonicServer } from '../../src/env-subsonic.js';
import { createDatabase } from '../../src/database/prisma.js';
import { parseEnv } from '../../src/env.js';
import { systemClock } from '../../src/lib/clock.js';
import { createOutbound } from '../../src/outbound/outbound.js';
import { openSubsonic, type OpenedSubsonic } from '../../src/upstream/subsonic/open-subsonic.js';
import { silentLog } from './audio.js';
import { createTestDatabase } from './database.js';
import { withoutLimits } from './open-deezer.js';

export interface SubsonicOpener {
  open(server: SubsonicServer): OpenedSubsonic;
  close(): Promise<void>;
}

/** The adapters with a database of their own. */
export async function createSubsonicOpener(): Promise<SubsonicOpener> {
  const database = await createTestDatabase();
  const { db, close } = createDatabase({ url: database.url, log: silentLog });
  const outbound = createOutbound({ env: parseEnv({}), db, clock: systemClock, log: silentLog });
  return {
    open: (server) => openSubsonic(withoutLimits(outbound), server),
    close: async () => {
      await outbound.close();
      await close();
      await database.drop();
    },
  };
}
