import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Platform } from '../platform.js';
import type { CatalogDeps } from '../catalog/catalog-source.js';
import type { Settings } from './settings.js';

/** What is allowed and will still not work as it stands: in words, the setting's name first. */
export async function findSettingsWarnings(
  deps: Pick<Platform & CatalogDeps, 'catalogs' | 'media' | 'env'>,
  settings: Settings,
): Promise<string[]> {
  const { service, convertTo, downloadPath } = settings;
  const warnings: string[] = [];
  if (!deps.catalogs.has(service)) {
    const used = deps.env.catalog;
    warnings.push(`service: the catalogue ${service} is not set up here; ${used} is used in its place.`);
  }
  if (!deps.media.tools) warnings.push(`convertTo: ${deps.media.problem ?? 'ffmpeg cannot be run.'}`);
  else if (!deps.media.formats.has(convertTo)) {
    warnings.push(`convertTo: the ffmpeg in use cannot make ${convertTo}.`);
  }
  if (!(await isWritable(downloadPath))) warnings.push(`downloadPath: ${downloadPath} cannot be written.`);
  return warnings;
}

/** A directory that does not exist yet is made when it is needed, if the one above it allows that. */
async function isWritable(path: string): Promise<boolean> {
  try {
    if (!(await stat(path)).isDirectory()) return false;
    await access(path, constants.W_OK);
    return true;
  } catch (thrown) {
    const missing = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
    return missing && dirname(path) !== path && isWritable(dirname(path));
  }
}
