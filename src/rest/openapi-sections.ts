/** How the description of the API is divided, in the order in which it is shown. */
export const SECTIONS = {
  Catalogue: 'What the catalogues say of tracks, albums, playlists and artists.',
  Downloads: 'Queue a download, or call it off.',
  Tasks: 'What is on its way, live and in lists, and its control.',
  History: 'What became of it.',
  Watching: 'Playlists and artists that are looked after.',
  Settings: 'How Reprise works.',
  Credentials: 'Accounts of catalogues and sources.',
  Authentication: 'Who asks.',
  Description: 'This.',
} as const;

export type Section = keyof typeof SECTIONS;

const BY_FIRST_PART: Record<string, Section> = {
  search: 'Catalogue',
  prgs: 'Tasks',
  history: 'History',
  config: 'Settings',
  credentials: 'Credentials',
  auth: 'Authentication',
  'openapi.json': 'Description',
};

export function sectionOf(path: string): Section {
  const [first = '', second = ''] = path.split('/').slice(1);
  if (second === 'download') return 'Downloads';
  if (second === 'watch' && first !== 'config') return 'Watching';
  return BY_FIRST_PART[first] ?? 'Catalogue';
}
