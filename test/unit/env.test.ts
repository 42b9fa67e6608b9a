import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSecretVariable } from '../../src/lib/env-values.js';
import { ENV_VARIABLES, EnvError, parseEnv, secretUrlsOf } from '../../src/env.js';

type Variables = Record<string, string>;

/** The mistakes that these variables make, a line each. */
function mistakesOf(variables: Variables): string[] {
  try {
    parseEnv(variables);
  } catch (thrown) {
    if (thrown instanceof EnvError) return thrown.mistakes;
    throw thrown;
  }
  return [];
}

describe('the environment', () => {
  it('may be empty', () => {
    expect(parseEnv({})).toEqual({
      port: 7171,
      host: '127.0.0.1',
      development: false,
      allowedHosts: [],
      corsOrigins: [],
      maxReadersPerAddress: 2_000,
      dataDir: resolve('data'),
      downloadDir: resolve('downloads'),
      downloadRoots: [resolve('downloads')],
      database: { kind: 'embedded' },
      jobStore: { kind: 'postgresql' },
      role: 'all',
      catalog: null,
      libraryDirs: [],
      libraryForgetDays: 30,
      libraryVerify: true,
      ffmpegPath: null,
      ffprobePath: null,
      logLevel: 'info',
      graphiql: true,
      uiDir: null,
      explicitFilter: false,
      authEnabled: false,
      registrationEnabled: false,
      firstAdmin: null,
      tokenHours: 24,
      auditDays: 365,
      secretKey: null,
      previousSecretKey: null,
      publicUrl: null,
      trustedProxies: [],
      signInProviders: [],
      frontendUrl: null,
      ssoLinkByEmail: false,
      subsonicServers: [],
      authProxy: null,
      spotifyApiUrl: 'https://api.spotify.com',
      coverCacheMb: 500,
      spotifyAccountsUrl: 'https://accounts.spotify.com',
      deezerApiUrl: 'https://api.deezer.com',
      musicBrainzUrl: 'https://musicbrainz.org',
      coverArtArchiveUrl: 'https://coverartarchive.org',
      internetArchiveCollections: [],
      internetArchiveFormats: ['flac', 'alac', 'wav', 'aiff', 'mp3', 'ogg', 'opus', 'aac'],
      internetArchiveUrl: 'https://archive.org',
      outboundAllow: [],
      httpProxy: null,
      httpsProxy: null,
      noProxy: null,
    });
  });

  it('treats an empty variable as unset', () => {
    const names = 'PORT HOST DATA_DIR DATABASE_URL ROLE LIBRARY_DIRS FFMPEG_PATH GRAPHIQL'.split(' ');
    expect(parseEnv(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(parseEnv({}));
  });

  it('may contain other variables', () => {
    expect(parseEnv({ HOME: '/nowhere', port: '1' })).toEqual(parseEnv({}));
  });

  it.each<[Variables, Partial<ReturnType<typeof parseEnv>>]>([
    [{ PORT: '0' }, { port: 0 }],
    [{ PORT: '65535' }, { port: 65_535 }],
    [{ HOST: '0.0.0.0' }, { host: '0.0.0.0' }],
    [{ HOST: 'fe80::1%eth0' }, { host: 'fe80::1%eth0' }],
    [{ HOST: 'music-box.example' }, { host: 'music-box.example' }],
    [{ NODE_ENV: 'development' }, { development: true }],
    [{ NODE_ENV: 'production' }, { development: false }],
    [{ MAX_READERS_PER_ADDRESS: '12' }, { maxReadersPerAddress: 12 }],
    [{ CORS_ORIGINS: 'https://a.example' }, { corsOrigins: ['https://a.example'] }],
    [
      { CORS_ORIGINS: 'http://localhost:5173/, https://b.example,' },
      { corsOrigins: ['http://localhost:5173', 'https://b.example'] },
    ],
    [{ ALLOWED_HOSTS: 'NAS.lan, .example.org,' }, { allowedHosts: ['nas.lan', '.example.org'] }],
    [{ ALLOWED_HOSTS: '*' }, { allowedHosts: ['*'] }],
    [{ DATA_DIR: 'some/where' }, { dataDir: resolve('some/where') }],
    [{ DOWNLOAD_DIR: '/music' }, { downloadDir: '/music' }],
    [
      { DATABASE_URL: 'postgresql://u:p@one,two/reprise' },
      { database: { kind: 'external', url: 'postgresql://u:p@one,two/reprise' } },
    ],
    [{ DATABASE_URL: 'postgres://db' }, { database: { kind: 'external', url: 'postgres://db' } }],
    [{ MONGODB_URL: 'mongodb://a,b/c' }, { jobStore: { kind: 'mongodb', url: 'mongodb://a,b/c' } }],
    [{ MONGODB_URL: 'mongodb+srv://a' }, { jobStore: { kind: 'mongodb', url: 'mongodb+srv://a' } }],
    [{ ROLE: 'worker', DATABASE_URL: 'postgres://db' }, { role: 'worker' }],
    [{ ROLE: 'api', DATABASE_URL: 'postgres://db' }, { role: 'api' }],
    [
      { CATALOG: 'library', LIBRARY_DIRS: 'src' },
      { catalog: 'library', libraryDirs: [resolve('src')] },
    ],
    [{ LIBRARY_DIRS: ['src', 'test'].join(delimiter) }, { libraryDirs: [resolve('src'), resolve('test')] }],
    [{ LIBRARY_DIRS: `${delimiter}src${delimiter}` }, { libraryDirs: [resolve('src')] }],
    [{ LIBRARY_DIRS: 'no-such-folder' }, { libraryDirs: [resolve('no-such-folder')] }],
    [{ LIBRARY_FORGET_DAYS: '7' }, { libraryForgetDays: 7 }],
    [{ FFMPEG_PATH: 'bin/ffmpeg' }, { ffmpegPath: resolve('bin/ffmpeg') }],
    [{ FFPROBE_PATH: '/bin/ffprobe' }, { ffprobePath: '/bin/ffprobe' }],
    [{ LOG_LEVEL: 'silent' }, { logLevel: 'silent' }],
    [
      { OUTBOUND_ALLOW: 'NAS.lan, 10.0.0.0/8,::1, .example.org,' },
      { outboundAllow: ['nas.lan', '10.0.0.0/8', '::1', '.example.org'] },
    ],
    [
      {
        HTTP_PROXY: 'http://a:b@proxy:3128',
        https_proxy: 'http://proxy',
        HTTPS_PROXY: 'http://other',
        no_proxy: 'lan',
      },
      { httpProxy: 'http://a:b@proxy:3128', httpsProxy: 'http://proxy', noProxy: 'lan' },
    ],
    [{ GRAPHIQL: 'false' }, { graphiql: false }],
    [{ GRAPHIQL: '0' }, { graphiql: false }],
    [{ GRAPHIQL: '1' }, { graphiql: true }],
  ])('accepts %o', (variables, read) => {
    expect(parseEnv(variables)).toMatchObject(read);
  });

  it('reports each mistake: the name, the value, what is allowed', () => {
    const bad: Variables[] = [
      { PORT: '65536' },
      { PORT: '-1' },
      { PORT: '80.5' },
      { PORT: 'http' },
      { HOST: 'http://0.0.0.0' },
      { HOST: '[::1]' },
      { DATA_DIR: 'package.json' },
      { DOWNLOAD_DIR: 'package.json/music' },
      { DOWNLOAD_DIR: `/${'x'.repeat(1_000)}` },
      { CORS_ORIGINS: '*' },
      { CORS_ORIGINS: 'https://a.example, null' },
      { CORS_ORIGINS: 'https://a.example/app' },
      { CORS_ORIGINS: 'ftp://a.example' },
      { ALLOWED_HOSTS: 'nas.lan:7171' },
      { ALLOWED_HOSTS: 'https://nas.lan' },
      { ALLOWED_HOSTS: '*.nas.lan' },
      { DATABASE_URL: 'mysql://db' },
      { DATABASE_URL: 'postgres://' },
      { MONGODB_URL: 'http://db' },
      { MONGODB_URL: 'mongodb://db one/jobs' },
      { ROLE: 'boss' },
      { CATALOG: 'tidal' },
      { LIBRARY_DIRS: ['src', 'no-such-folder', 'package.json'].join(delimiter) },
      { OUTBOUND_ALLOW: '10.0.0.0/33' },
      { OUTBOUND_ALLOW: '*' },
      { OUTBOUND_ALLOW: 'http://nas.lan' },
      { HTTPS_PROXY: 'socks5://user:password@proxy' },
      { LOG_LEVEL: 'loud' },
      { GRAPHIQL: 'maybe' },
      { CATALOG: 'library' },
      { ROLE: 'worker' },
    ];
    const lines = bad.flatMap(mistakesOf).map((line) => line.replaceAll(resolve('.'), '<here>'));
    expect(lines).toMatchInlineSnapshot(`
      [
        "PORT: "65536" is invalid; expected: an integer from 0 to 65535.",
        "PORT: "-1" is invalid; expected: an integer from 0 to 65535.",
        "PORT: "80.5" is invalid; expected: an integer from 0 to 65535.",
        "PORT: "http" is invalid; expected: an integer from 0 to 65535.",
        "HOST: "http://0.0.0.0" is invalid; expected: a host name or an IP address, IPv6 without brackets.",
        "HOST: "[::1]" is invalid; expected: a host name or an IP address, IPv6 without brackets.",
        "DATA_DIR: "<here>/package.json" is a file; expected: a directory, existing or not.",
        "DOWNLOAD_DIR: "<here>/package.json" is a file; expected: a directory, existing or not.",
        "DOWNLOAD_DIR: "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" has more than 1000 bytes; expected: a directory, existing or not.",
        "CORS_ORIGINS: "*" is not an origin; expected: origins such as https://music.example.org, separated by commas; "*" is not allowed.",
        "CORS_ORIGINS: "null" is not an origin; expected: origins such as https://music.example.org, separated by commas; "*" is not allowed.",
        "CORS_ORIGINS: "https://a.example/app" is not an origin; expected: origins such as https://music.example.org, separated by commas; "*" is not allowed.",
        "CORS_ORIGINS: "ftp://a.example" is not an origin; expected: origins such as https://music.example.org, separated by commas; "*" is not allowed.",
        "ALLOWED_HOSTS: "nas.lan:7171" is not a host name; expected: host names without a port, separated by commas; ".example.org" allows example.org and every name below it, "*" every name.",
        "ALLOWED_HOSTS: "https://nas.lan" is not a host name; expected: host names without a port, separated by commas; ".example.org" allows example.org and every name below it, "*" every name.",
        "ALLOWED_HOSTS: "*.nas.lan" is not a host name; expected: host names without a port, separated by commas; ".example.org" allows example.org and every name below it, "*" every name.",
        "DATABASE_URL is invalid; expected: a URL without spaces that starts with postgresql:// or postgres://.",
        "DATABASE_URL is invalid; expected: a URL without spaces that starts with postgresql:// or postgres://.",
        "MONGODB_URL is invalid; expected: a URL without spaces that starts with mongodb:// or mongodb+srv://.",
        "MONGODB_URL is invalid; expected: a URL without spaces that starts with mongodb:// or mongodb+srv://.",
        "ROLE: "boss" is invalid; expected: all, api or worker.",
        "CATALOG: "tidal" is invalid; expected: demo, deezer, spotify or library.",
        "LIBRARY_DIRS: "<here>/package.json" is not a directory; expected: directories, separated by ":".",
        "OUTBOUND_ALLOW: "10.0.0.0/33" is not a host name, an IP address or a network; expected: host names, IP addresses or networks such as 10.0.0.0/8, separated by commas; ".example.org" allows example.org and every name below it.",
        "OUTBOUND_ALLOW: "*" is not a host name, an IP address or a network; expected: host names, IP addresses or networks such as 10.0.0.0/8, separated by commas; ".example.org" allows example.org and every name below it.",
        "OUTBOUND_ALLOW: "http://nas.lan" is not a host name, an IP address or a network; expected: host names, IP addresses or networks such as 10.0.0.0/8, separated by commas; ".example.org" allows example.org and every name below it.",
        "HTTPS_PROXY is invalid; expected: a URL without spaces that starts with http:// or https://.",
        "LOG_LEVEL: "loud" is invalid; expected: fatal, error, warn, info, debug, trace or silent.",
        "GRAPHIQL: "maybe" is invalid; expected: true or false.",
        "CATALOG: "library" requires LIBRARY_DIRS; set LIBRARY_DIRS, or CATALOG to deezer.",
        "ROLE: "worker" requires DATABASE_URL, because the embedded database serves one process; set DATABASE_URL, or ROLE to all.",
      ]
    `);
  });

  it('reports all mistakes at once', () => {
    const lines = mistakesOf({ PORT: 'x', ROLE: 'boss', LOG_LEVEL: 'loud', GRAPHIQL: 'maybe', CATALOG: 'x' });
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'PORT',
      'ROLE',
      'CATALOG',
      'LOG_LEVEL',
      'GRAPHIQL',
    ]);
  });

  it('is described for the documentation, variable by variable', () => {
    expect(ENV_VARIABLES.find(({ name }) => name === 'PORT')).toEqual({
      name: 'PORT',
      kind: 'an integer from 0 to 65535',
      default: '7171',
      description: 'TCP port of the server; 0 takes any free port.',
    });
  });

  it('reports mistakes between two variables, all at once', () => {
    const lines = mistakesOf({ ROLE: 'api', CATALOG: 'library' });
    expect(lines.map((line) => line.split(':')[0])).toEqual(['CATALOG', 'ROLE']);
  });

  it('reports a directory that the system refuses to look up', () => {
    const [line = ''] = mistakesOf({ LIBRARY_DIRS: `/${'long'.repeat(100)}` });
    expect(line).toMatch(/^LIBRARY_DIRS: .* is not a directory; expected: directories/);
  });

  it.each(['abc#def', 'abc/def', 'abc?def', 'p@ss/w:rd', 'p@ss?wurd', '100%def', '100%', 'a/b?c#d@e'])(
    'says that the password "%s" is to be percent-encoded, and repeats nothing of it',
    (password) => {
      for (const name of ['DATABASE_URL', 'MONGODB_URL']) {
        const protocol = name === 'MONGODB_URL' ? 'mongodb' : 'postgresql';
        const [line = ''] = mistakesOf({ [name]: `${protocol}://reprise:${password}@127.0.0.1/x` });
        expect(line).toMatch(new RegExp(`^${name} is invalid: percent-encode .*"#" as %23`));
        const parts = password.split(/\W/).filter((part) => part.length > 2);
        for (const part of parts) expect(line).not.toContain(part);
      }
    },
  );

  it.each(['u:p%40%2F%23@db/x?application_name=me@home', 'db/x?host=/run/pg&password=a@b', 'u:p@ss@db/x'])(
    'takes an "@" where it may be: %s',
    (rest) => {
      const url = `postgresql://${rest}`;
      expect(parseEnv({ DATABASE_URL: url })).toMatchObject({ database: { url } });
    },
  );

  it('does not repeat a password in an invalid URL', () => {
    const [line] = mistakesOf({ DATABASE_URL: 'mysql://admin:hunter2@db/reprise' });
    expect(line).not.toContain('hunter2');
    expect(line).toContain('DATABASE_URL');
  });
});

describe('a secret in a file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'secrets-'));
  const write = (content: string | Uint8Array) => {
    const path = join(directory, randomUUID());
    writeFileSync(path, content);
    return path;
  };
  const url = 'postgresql://reprise:p%40ss@db/reprise';
  const key = 'k'.repeat(40);

  it.each(['', '\n', '\r\n', ' \n\n'])('is read without what an editor leaves at its end: %j', (end) => {
    const env = parseEnv({ DATABASE_URL_FILE: write(url + end), SECRET_KEY_FILE: write(key + end) });
    expect(env.database).toEqual({ kind: 'external', url });
    expect(env.secretKey).toBe(key);
    expect(secretUrlsOf(env)).toEqual(expect.arrayContaining([url, key]));
  });

  it('serves every variable that is secret, and those of further sign-in providers', () => {
    const secrets = ENV_VARIABLES.map(({ name }) => name).filter(isSecretVariable);
    expect(secrets).toEqual(
      expect.arrayContaining(['MONGODB_URL', 'SECRET_KEY_PREVIOUS', 'HTTPS_PROXY', 'ADMIN_PASSWORD']),
    );
    const missing = [...secrets, 'OIDC_CLIENT_SECRET_2'].map(
      (name) => [`${name}_FILE`, '/nowhere/x'] as const,
    );
    expect(mistakesOf(Object.fromEntries(missing)).filter((line) => line.includes('_FILE: '))).toEqual(
      missing.map(
        ([name]) => `${name}: the file does not exist; expected: a file that holds ${name.slice(0, -5)}.`,
      ),
    );
  });

  it('counts for what other variables require', () => {
    expect(parseEnv({ ROLE: 'api', DATABASE_URL_FILE: write(url) }).role).toBe('api');
    const admin = { ADMIN_USERNAME: 'alex', ADMIN_PASSWORD_FILE: write('correct horse') };
    expect(parseEnv(admin).firstAdmin).toEqual({ username: 'alex', password: 'correct horse' });
  });

  it('is refused beside the variable itself', () => {
    expect(mistakesOf({ DATABASE_URL: url, DATABASE_URL_FILE: write(url) })).toEqual([
      'DATABASE_URL and DATABASE_URL_FILE are both set; set one of them.',
    ]);
    const proxy = { https_proxy: 'http://proxy:3128', HTTPS_PROXY_FILE: write('http://proxy:3128') };
    expect(mistakesOf(proxy)).toEqual(['HTTPS_PROXY and HTTPS_PROXY_FILE are both set; set one of them.']);
  });

  it('is checked like the variable, without repeating anything of it', () => {
    const [line = ''] = mistakesOf({ DATABASE_URL_FILE: write('postgresql://reprise:abc#def@db/x') });
    expect(line).toMatch(/^DATABASE_URL is invalid: percent-encode /);
    expect(line).not.toMatch(/abc|def@/);
  });

  it.each([
    ['a folder', () => directory, 'this is not a file'],
    ['an empty file', () => write(' \n'), 'the file is empty'],
    ['a file that is too large', () => write(new Uint8Array(70_000)), 'the file has more than 65536 bytes'],
    ['a device that never ends', () => '/dev/zero', 'this is not a file'],
    ['the secret itself', () => url, 'the file does not exist'],
    ['a path that no system takes', () => `/${'hunter2'.repeat(100)}`, 'cannot be read (ENAMETOOLONG)'],
  ])('says what is wrong with %s, in one line that repeats nothing', (_what, make, problem) => {
    const value = make();
    const mistakes = mistakesOf({ DATABASE_URL_FILE: value });
    expect(mistakes).toEqual([expect.stringContaining(problem)]);
    expect(mistakes[0]).not.toContain(value.slice(0, 20));
  });

  it('ignores such variables of other programs', () => {
    const others = { POSTGRES_PASSWORD_FILE: '/nowhere', PORT_FILE: '/nowhere', PUBLIC_URL_FILE: '/nowhere' };
    expect(parseEnv(others)).toEqual(parseEnv({}));
  });
});

describe('sign-in providers in the environment', () => {
  const first = { OIDC_ISSUER: 'https://id.example/', OIDC_CLIENT_ID: 'reprise' };

  it('may be several, told apart by a number', () => {
    const { signInProviders } = parseEnv({
      GITHUB_CLIENT_ID: 'octo',
      GITHUB_CLIENT_SECRET: 'cat',
      ...first,
      OIDC_ISSUER_2: 'http://10.0.0.3/realms/home',
      OIDC_CLIENT_ID_2: 'music',
      OIDC_CLIENT_SECRET_2: 'hidden',
      OIDC_NAME_2: 'Our ID home',
      OIDC_ADMIN_CLAIM_2: 'realm_access.roles=admin=yes',
      OIDC_REGISTRATION_2: 'true',
    });
    expect(signInProviders.map(({ kind, name }) => [kind, name])).toEqual([
      ['github', 'github'],
      ['oidc', 'oidc'],
      ['oidc', 'our-id-home'],
    ]);
    expect(signInProviders[1]).toMatchObject({ issuer: 'https://id.example/', clientSecret: null });
    expect(signInProviders[2]).toMatchObject({
      issuer: 'http://10.0.0.3/realms/home',
      clientSecret: 'hidden',
      displayName: 'Our ID home',
      adminClaim: { name: 'realm_access.roles', value: 'admin=yes' },
      registration: true,
    });
  });

  it.each<[Variables, RegExp]>([
    [{ OIDC_ISSUER: 'https://id.example' }, /^OIDC_ISSUER and OIDC_CLIENT_ID go together/],
    [{ ...first, OIDC_CLIENT_ID_3: 'x' }, /^OIDC_ISSUER_3 and OIDC_CLIENT_ID_3 go together/],
    [{ GOOGLE_CLIENT_ID: 'x' }, /^GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET go together/],
    [{ ...first, OIDC_NAME: 'GitHub' }, /^OIDC_NAME: "github" is the name of another provider/],
    [{ ...first, OIDC_ISSUER_2: 'ftp://x', OIDC_CLIENT_ID_2: 'x' }, /^OIDC_ISSUER_2: "ftp:\/\/x" is invalid/],
    [{ ...first, OIDC_ADMIN_CLAIM: 'groups' }, /^OIDC_ADMIN_CLAIM: "groups" is invalid/],
    [{ AUTH_PROXY_HEADER: 'Remote-User' }, /^AUTH_PROXY_HEADER requires TRUST_PROXY/],
  ])('are rejected as %j', (variables, mistake) => {
    expect(mistakesOf(variables)).toEqual([expect.stringMatching(mistake)]);
  });

  it('have secrets that no message repeats', () => {
    const secret = 'x'.repeat(2_000);
    const [line = ''] = mistakesOf({
      ...first,
      OIDC_CLIENT_SECRET_2: secret,
      OIDC_ISSUER_2: 'https://x',
      OIDC_CLIENT_ID_2: 'x',
    });
    expect(line).toMatch(/^OIDC_CLIENT_SECRET_2 is invalid; expected: /);
    expect(line).not.toContain('xxxx');
  });
});

describe('OpenSubsonic servers', () => {
  const first = {
    SUBSONIC_URL: 'http://192.168.1.5:4533/',
    SUBSONIC_USERNAME: 'ada',
    SUBSONIC_PASSWORD: 'a secret',
  };

  it('may be several, each with a number and a login of its own', () => {
    const { subsonicServers } = parseEnv({
      ...first,
      SUBSONIC_URL_10: 'https://far.example.org/music',
      SUBSONIC_API_KEY_10: 'key',
      SUBSONIC_URL_2: 'http://10.0.0.2',
      SUBSONIC_USERNAME_2: 'bob',
      SUBSONIC_PASSWORD_2: 'another',
    });
    expect(subsonicServers.map(({ name, url, login }) => [name, url, login.kind])).toEqual([
      ['subsonic', 'http://192.168.1.5:4533', 'password'],
      ['subsonic2', 'http://10.0.0.2', 'password'],
      ['subsonic10', 'https://far.example.org/music', 'apiKey'],
    ]);
  });

  it.each<[Variables, RegExp]>([
    [{ SUBSONIC_PASSWORD: 'x' }, /^SUBSONIC_USERNAME and SUBSONIC_PASSWORD, or .* require SUBSONIC_URL;/],
    [
      { ...first, SUBSONIC_PASSWORD: '' },
      /^SUBSONIC_URL requires SUBSONIC_USERNAME and SUBSONIC_PASSWORD, or/,
    ],
    [
      { ...first, SUBSONIC_API_KEY: 'x' },
      /^SUBSONIC_API_KEY excludes SUBSONIC_USERNAME and SUBSONIC_PASSWORD/,
    ],
    [
      { SUBSONIC_URL_3: 'http://x', SUBSONIC_USERNAME_3: 'x' },
      /^SUBSONIC_URL_3 requires SUBSONIC_USERNAME_3/,
    ],
    [{ SUBSONIC_URL: 'http://ada:secret@x', SUBSONIC_API_KEY: 'x' }, /^SUBSONIC_URL is invalid; expected: /],
  ])('are rejected as %j', (variables, mistake) => {
    expect(mistakesOf(variables)).toEqual([expect.stringMatching(mistake)]);
  });

  it('have secrets that nothing may log', () => {
    const env = parseEnv({ ...first, SUBSONIC_URL_2: 'http://x', SUBSONIC_API_KEY_2: 'a key' });
    expect(secretUrlsOf(env)).toEqual(expect.arrayContaining(['a secret', 'a key']));
  });
});

describe('the Internet Archive', () => {
  it('has collections and formats in the order that is given', () => {
    const { internetArchiveCollections, internetArchiveFormats } = parseEnv({
      INTERNET_ARCHIVE_COLLECTIONS: 'netlabels, GratefulDead',
      INTERNET_ARCHIVE_FORMATS: 'mp3,flac',
    });
    expect(internetArchiveCollections).toEqual(['netlabels', 'GratefulDead']);
    expect(internetArchiveFormats).toEqual(['mp3', 'flac']);
  });

  it.each<[Variables, RegExp]>([
    [{ INTERNET_ARCHIVE_COLLECTIONS: 'a, b OR c' }, /"b OR c" is not the name of a collection/],
    [{ INTERNET_ARCHIVE_FORMATS: 'flac, wma' }, /"wma" is not one of them/],
  ])('is rejected as %j', (variables, mistake) => {
    expect(mistakesOf(variables)).toEqual([expect.stringMatching(mistake)]);
  });
});
