import type { Deps } from '../deps.js';
import { implementJob } from '../jobs/kit.js';
import { writePlaylists as job } from './write-playlists.job.js';
import { writePlaylists } from './write-playlists.js';

export const writePlaylistsHandler = implementJob(job, (deps: Deps) => writePlaylists(deps));
