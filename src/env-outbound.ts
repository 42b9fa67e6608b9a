import { z } from 'zod';
import { commaSeparated, isHostName, isNetwork, publicUrl, urlOf, variableFacts } from './lib/env-values.js';

/* Variables about the requests that the server sends to others. */

const isAllowable = (value: string): boolean => (value !== '*' && isHostName(value)) || isNetwork(value);

/** The services themselves: nobody has said that these may be in a private network. */
export const PUBLIC_SERVICES: readonly string[] = ['https://api.deezer.com', 'https://accounts.spotify.com'];

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
  SPOTIFY_ACCOUNTS_URL: publicUrl.default('https://accounts.spotify.com').register(variableFacts, {
    kind: 'an address such as https://accounts.spotify.com',
    default: 'https://accounts.spotify.com',
    description: 'Where the client id and secret of a Spotify account are checked.',
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
  spotifyAccountsUrl: string;
}

export function toOutboundEnv(parsed: z.infer<z.ZodObject<typeof OUTBOUND_VARIABLES>>): OutboundEnv {
  return {
    outboundAllow: parsed.OUTBOUND_ALLOW,
    httpProxy: parsed.HTTP_PROXY ?? null,
    httpsProxy: parsed.HTTPS_PROXY ?? null,
    noProxy: parsed.NO_PROXY ?? null,
    deezerApiUrl: parsed.DEEZER_API_URL,
    spotifyAccountsUrl: parsed.SPOTIFY_ACCOUNTS_URL,
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
