import type { z } from 'zod';
import { MUSICBRAINZ } from '../catalog/bridge.js';
import { isCatalogSetUp, type CatalogDeps } from '../catalog/catalog-source.js';
import { CATALOG_SETUPS, SOURCE_SETUPS } from '../catalog/errors.js';
import { namedEnum } from '../lib/named-enum.js';
import { listLimitStates, type LimitState } from '../outbound/request-limit-store.js';
import type { Platform } from '../platform.js';
import { countAccounts } from './account-store.js';

export const sourceState = namedEnum('SourceState', 'Whether a catalog or source can be used now.', {
  READY: 'It may be used. One that has not been asked yet is READY too.',
  LIMITED: 'It asked for a pause: nothing is requested from it until `limitedUntil`.',
  FAILING: 'Its latest response was an error; with `limitedUntil`, it is left alone until then.',
  DISABLED: 'It is not set up on this server; `setup` says how to.',
});

export const accountState = namedEnum(
  'SourceAccount',
  'Whether a catalog or source can be used without an account.',
  {
    NOT_NEEDED: 'It answers without an account.',
    MISSING: 'It needs an account: add one with `createAccount`.',
    SET: 'It needs an account, and has one.',
  },
);

/** A catalog or source, as all processes know it together. */
export interface SourceStatus {
  name: string;
  state: z.infer<typeof sourceState>;
  account: z.infer<typeof accountState>;
  setup: string | null;
  limitedUntil: Date | null;
  lastSuccessAt: Date | null;
  lastErrorAt: Date | null;
  lastError: string | null;
}

type Deps = Pick<Platform & CatalogDeps, 'db' | 'catalogs' | 'enrichment' | 'sources'>;

export function listCatalogStatuses(deps: Deps): Promise<SourceStatus[]> {
  const enabled = [...deps.catalogs.keys()].filter((name) => isCatalogSetUp(deps, name));
  if (deps.enrichment()) enabled.push(MUSICBRAINZ);
  return listStatuses(deps, { enabled, setups: CATALOG_SETUPS });
}

export function listSourceStatuses(deps: Deps): Promise<SourceStatus[]> {
  return listStatuses(deps, { enabled: deps.sources.map(({ name }) => name), setups: SOURCE_SETUPS });
}

interface Providers {
  enabled: readonly string[];
  /** How to set up those that are not enabled. */
  setups: ReadonlyMap<string, string>;
}

/** Those that are enabled first, in their order. */
async function listStatuses({ db }: Deps, { enabled, setups }: Providers): Promise<SourceStatus[]> {
  const states = await listLimitStates(db);
  const disabled = [...setups.keys()].filter((name) => !enabled.includes(name));
  return Promise.all(
    [...new Set([...enabled, ...disabled])].map(async (name) => ({
      name,
      account: await findAccountState(db, name),
      ...(disabled.includes(name)
        ? { ...UNUSED, state: 'DISABLED' as const, setup: setups.get(name) ?? null }
        : toStatus(states.filter(({ provider }) => [name, AUTHORITIES[name]].includes(provider)))),
    })),
  );
}

/** Without whose tokens a provider answers nobody: what stops one stops the other. */
const AUTHORITIES: Readonly<Record<string, string>> = { spotify: 'spotify-accounts' };

/** Services whose accounts open a provider that answers nobody else. */
const ACCOUNTS: Readonly<Record<string, readonly string[]>> = { spotify: ['spotify_api', 'spotify'] };

async function findAccountState(db: Platform['db'], provider: string): Promise<SourceStatus['account']> {
  const services = ACCOUNTS[provider];
  if (!services) return 'NOT_NEEDED';
  const counts = await Promise.all(services.map((service) => countAccounts(db, service)));
  return counts.some((count) => count > 0) ? 'SET' : 'MISSING';
}

type Known = Omit<SourceStatus, 'name' | 'account'>;

const UNUSED: Known = {
  state: 'READY',
  setup: null,
  limitedUntil: null,
  lastSuccessAt: null,
  lastErrorAt: null,
  lastError: null,
};

/** Of several accounts, the one that is limited longest and the latest of what happened. */
function toStatus(states: readonly LimitState[]): Known {
  const [blocked] = latestBy(states, 'blockedUntil');
  const [failed] = latestBy(states, 'lastErrorAt');
  const [succeeded] = latestBy(states, 'lastSuccessAt');
  return {
    state: blocked?.limited ? 'LIMITED' : states.some(isFailing) ? 'FAILING' : 'READY',
    setup: null,
    limitedUntil: blocked?.blockedUntil ?? null,
    lastSuccessAt: succeeded?.lastSuccessAt ?? null,
    lastErrorAt: failed?.lastErrorAt ?? null,
    lastError: failed?.lastError ?? null,
  };
}

const isFailing = ({ hasFailed, limited, blockedUntil }: LimitState): boolean =>
  hasFailed || (blockedUntil !== null && !limited);

function latestBy(
  states: readonly LimitState[],
  time: 'blockedUntil' | 'lastErrorAt' | 'lastSuccessAt',
): LimitState[] {
  const known = states.filter((state) => state[time] !== null);
  return known.sort((a, b) => (b[time]?.getTime() ?? 0) - (a[time]?.getTime() ?? 0));
}
