import { z } from 'zod';
import {
  commaSeparated,
  isHostName,
  isNetwork,
  positiveNumber,
  publicUrl,
  urlOf,
  variableFacts,
} from './lib/env-values.js';

/* Variables about the requests that the server sends to others. */

const isAllowable = (value: string): boolean => (value !== '*' && isHostName(value)) || isNetwork(value);

/** The services themselves: nobody has said that these may be in a private network. */
export const PUBLIC_SERVICES: readonly string[] = [
  'https://api.deezer.com',
  'https://api.spotify.com',
  'https://accounts.spotify.com',
  'https://musicbrainz.org',
  'https://coverartarchive.org',
  'https://archive.org',
];

export const ARCHIVE_FORMATS = ['flac', 'alac', 'wav', 'aiff', 'mp3', 'ogg', 'opus', 'aac'] as const;
export type ArchiveFormat = (typeof ARCHIVE_FORMATS)[number];

const isArchiveFormat = (value: string): value is ArchiveFormat =>
  ARCHIVE_FORMATS.some((format) => format === value);

const listed = z.string().transform((value) =>
  value
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean),
);

const proxy = urlOf(['http://', 'https://']).refine((value) => URL.canParse(value));

export const OUTBOUND_VARIABLES = {
  OUTBOUND_ALLOW: commaSeparated(isAllowable, 'a host name, an IP address or a network')
    .default([])
    .register(variableFacts, {
      kind: 'host names, IP addresses or networks such as 10.0.0.0/8, separated by commas; ".example.org" allows example.org and every name below it',
      default: null,
      description:
        'Private addresses that the server may send requests to, besides those that other variables name. Without it, only public ones.',
    }),
  HTTP_PROXY: proxy.optional().register(variableFacts, {
    kind: 'a URL without spaces that starts with http:// or https://',
    default: null,
    description: 'Proxy for requests to http:// addresses; also as http_proxy.',
  }),
  HTTPS_PROXY: proxy.optional().register(variableFacts, {
    kind: 'a URL without spaces that starts with http:// or https://',
    default: null,
    description: 'Proxy for requests to https:// addresses; also as https_proxy. By default as HTTP_PROXY.',
  }),
  NO_PROXY: z.string().optional().register(variableFacts, {
    kind: 'host names separated by commas, or "*"; ".example.org" stands for every name below it',
    default: null,
    description: 'Hosts that are requested without a proxy; also as no_proxy.',
  }),
  DEEZER_API_URL: publicUrl.default('https://api.deezer.com').register(variableFacts, {
    kind: 'an address such as https://api.deezer.com',
    default: 'https://api.deezer.com',
    description: 'Where the catalog of Deezer is asked; another one for a mirror or for trials.',
  }),
  SPOTIFY_API_URL: publicUrl.default('https://api.spotify.com').register(variableFacts, {
    kind: 'an address such as https://api.spotify.com',
    default: 'https://api.spotify.com',
    description: 'Where the catalog of Spotify is asked; another one for a proxy or for trials.',
  }),
  SPOTIFY_ACCOUNTS_URL: publicUrl.default('https://accounts.spotify.com').register(variableFacts, {
    kind: 'an address such as https://accounts.spotify.com',
    default: 'https://accounts.spotify.com',
    description:
      'Where Spotify issues tokens for a client id and secret, and where a browser connects an account.',
  }),
  MUSICBRAINZ_URL: publicUrl.default('https://musicbrainz.org').register(variableFacts, {
    kind: 'an address such as https://musicbrainz.org',
    default: 'https://musicbrainz.org',
    description: 'Where MusicBrainz is asked, if the setting `musicBrainz` is on; another one for a mirror.',
  }),
  COVER_ART_ARCHIVE_URL: publicUrl.default('https://coverartarchive.org').register(variableFacts, {
    kind: 'an address such as https://coverartarchive.org',
    default: 'https://coverartarchive.org',
    description: 'Where covers of releases are fetched that a catalog has none of; another one for a mirror.',
  }),
  INTERNET_ARCHIVE_COLLECTIONS: listed
    .superRefine((names, context) => {
      for (const name of names.filter((each) => !/^[\w.-]{1,100}$/.test(each)))
        context.addIssue(`"${name}" is not the name of a collection`);
    })
    .default([])
    .register(variableFacts, {
      kind: 'names of collections as in their addresses, separated by commas, such as netlabels, etree',
      default: null,
      description:
        'Collections of the Internet Archive that are searched for music; turns it on as a catalog and a source.',
    }),
  INTERNET_ARCHIVE_FORMATS: listed
    .superRefine((names, context) => {
      for (const name of names.filter((each) => !isArchiveFormat(each)))
        context.addIssue(`"${name}" is not one of them`);
    })
    .transform((names) => names.filter(isArchiveFormat))
    .default([...ARCHIVE_FORMATS])
    .register(variableFacts, {
      kind: `some of ${ARCHIVE_FORMATS.join(', ')}, separated by commas`,
      default: ARCHIVE_FORMATS.join(', '),
      description:
        'Formats that are taken from the Internet Archive, the first one that a track is there in; others are not used.',
    }),
  INTERNET_ARCHIVE_URL: publicUrl.default('https://archive.org').register(variableFacts, {
    kind: 'an address such as https://archive.org',
    default: 'https://archive.org',
    description:
      'Where the Internet Archive is requested, if INTERNET_ARCHIVE_COLLECTIONS is set; another one for a mirror.',
  }),
  COVER_CACHE_MB: positiveNumber.default(500).register(variableFacts, {
    kind: 'an integer from 1 to 99999',
    default: '500',
    description:
      'Megabytes of covers that are kept in DATA_DIR; those that were not used for the longest time are removed first.',
  }),
};

/** What every request to another server depends on. */
export interface NetworkEnv {
  /** Lower case: host names, ".example.org" for all below it, IP addresses and networks. */
  outboundAllow: string[];
  httpProxy: string | null;
  httpsProxy: string | null;
  noProxy: string | null;
}

export interface OutboundEnv extends NetworkEnv {
  /** Addresses without a slash at the end. */
  deezerApiUrl: string;
  spotifyApiUrl: string;
  spotifyAccountsUrl: string;
  musicBrainzUrl: string;
  coverArtArchiveUrl: string;
  coverCacheMb: number;
  /** Off while it is empty. */
  internetArchiveCollections: readonly string[];
  internetArchiveFormats: readonly ArchiveFormat[];
  internetArchiveUrl: string;
}

export function toOutboundEnv(parsed: z.infer<z.ZodObject<typeof OUTBOUND_VARIABLES>>): OutboundEnv {
  return {
    outboundAllow: parsed.OUTBOUND_ALLOW,
    httpProxy: parsed.HTTP_PROXY ?? null,
    httpsProxy: parsed.HTTPS_PROXY ?? null,
    noProxy: parsed.NO_PROXY ?? null,
    deezerApiUrl: parsed.DEEZER_API_URL,
    spotifyApiUrl: parsed.SPOTIFY_API_URL,
    spotifyAccountsUrl: parsed.SPOTIFY_ACCOUNTS_URL,
    musicBrainzUrl: parsed.MUSICBRAINZ_URL,
    coverArtArchiveUrl: parsed.COVER_ART_ARCHIVE_URL,
    coverCacheMb: parsed.COVER_CACHE_MB,
    internetArchiveCollections: parsed.INTERNET_ARCHIVE_COLLECTIONS,
    internetArchiveFormats: parsed.INTERNET_ARCHIVE_FORMATS,
    internetArchiveUrl: parsed.INTERNET_ARCHIVE_URL,
  };
}

const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

/** Other programs read them in lower case, and prefer those. */
export function withProxyNames(
  source: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const given = PROXIES.map((name) => [name, source[name.toLowerCase()] || source[name]] as const);
  return { ...source, ...Object.fromEntries(given) };
}
