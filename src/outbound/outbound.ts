import type { Database } from '../database/prisma.js';
import { PUBLIC_SERVICES, type NetworkEnv } from '../env-outbound.js';
import type { Clock } from '../lib/clock.js';
import { getOrAdd } from '../lib/get-or-add.js';
import type { Logger } from '../lib/logger.js';
import { VERSION } from '../lib/runtime.js';
import type { Resolve } from './address-guard.js';
import { createHttpClient, type HttpClient, type RequestLimits } from './http-client.js';
import { createRequestGate } from './request-gate.js';
import type { LimitRules } from './request-limit-store.js';
import { createServiceClient, type ServiceClient } from './service-client.js';

/** All that leaves for other servers goes through it. */
export interface Outbound {
  /** @param addresses that the owner may have configured: their hosts may then be private ones */
  clientFor(...addresses: readonly string[]): HttpClient;
  openService(service: Service): ServiceClient;
  close(): Promise<void>;
}

export interface Service {
  /** In the database: all processes that use the name keep its limits together. */
  provider: string;
  /** In messages. */
  displayName: string;
  /** Whose limits they are; none where a provider has no accounts. */
  account?: string;
  trusted: readonly string[];
  limits: RequestLimits;
  rules: Pick<LimitRules, 'requests' | 'windowMs'> & Partial<LimitRules>;
  retryDelayMs?: number;
}

interface OutboundDeps {
  env: NetworkEnv;
  db: Database;
  clock: Clock;
  log: Logger;
  resolve?: Resolve;
}

const RULES = { patienceMs: 6_000, probeMs: 15_000, failures: 5, blockMs: 5_000, maxBlockMs: 900_000 };

export function createOutbound({ env, db, clock, log, resolve }: OutboundDeps): Outbound {
  const userAgent = userAgentOf(process.versions.node);
  const clients = new Map<string, HttpClient>();
  const clientFor = (...addresses: readonly string[]) => {
    const trusted = addresses.filter((each) => !PUBLIC_SERVICES.includes(each));
    return getOrAdd(clients, trusted.join(' '), () =>
      createHttpClient({ env, trusted, userAgent, ...(resolve && { resolve }) }),
    );
  };
  return {
    clientFor,
    openService: ({ provider, displayName, account = '', trusted, rules, ...rest }) => {
      const gate = createRequestGate(
        { db, log },
        { provider, account, displayName, rules: { ...RULES, ...rules } },
      );
      return createServiceClient({ http: clientFor(...trusted), gate, clock, displayName, ...rest });
    },
    close: async () => {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}

/** Services block programs that do not say what they are. */
function userAgentOf(node: string): string {
  return `Reprise/${VERSION} (self-hosted music server; Node.js ${node})`;
}
