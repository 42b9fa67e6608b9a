import { access, chmod, constants, stat } from 'node:fs/promises';
import type { Logger } from '../lib/logger.js';
import { messageOf, systemCodeOf } from '../lib/errors.js';
import { runTool } from './run-tool.js';

const START_LIMITS = { timeLimitMs: 15_000, maxOutputBytes: 1_048_576 };

export interface Tools {
  ffmpegPath: string;
  ffprobePath: string;
  version: string;
  encoders: ReadonlySet<string>;
}

type ToolSearch = { found: Tools } | { problem: string };

interface Tool {
  name: 'ffmpeg' | 'ffprobe';
  variable: 'FFMPEG_PATH' | 'FFPROBE_PATH';
  configuredPath: string | null;
  packagedPath(): Promise<string>;
}

class ToolProblem extends Error {}

/** A configured path that does not run is a problem to report, not a reason to use another silently. */
export async function locateTools(options: {
  ffmpegPath: string | null;
  ffprobePath: string | null;
  log: Logger;
}): Promise<ToolSearch> {
  try {
    const ffmpeg = await locate({
      name: 'ffmpeg',
      variable: 'FFMPEG_PATH',
      configuredPath: options.ffmpegPath,
      packagedPath: async () => (await import('@ffmpeg-installer/ffmpeg')).default.path,
    });
    const ffprobe = await locate({
      name: 'ffprobe',
      variable: 'FFPROBE_PATH',
      configuredPath: options.ffprobePath,
      packagedPath: async () => (await import('@ffprobe-installer/ffprobe')).default.path,
    });
    const encoders = await listEncoders(ffmpeg.path);
    const found = { ffmpegPath: ffmpeg.path, ffprobePath: ffprobe.path, version: ffmpeg.version, encoders };
    return { found };
  } catch (error) {
    if (!(error instanceof ToolProblem)) throw error;
    options.log.debug({ err: error }, 'no usable ffmpeg');
    return { problem: error.message };
  }
}

async function locate(tool: Tool): Promise<{ path: string; version: string }> {
  if (tool.configuredPath) {
    const version = await versionOf(tool.configuredPath, tool.name);
    if ('reason' in version)
      throw new ToolProblem(`The ${tool.name} that ${tool.variable} names does not run: ${version.reason}.`);
    return { path: tool.configuredPath, ...version };
  }
  const system = await versionOf(tool.name, tool.name);
  if (!('reason' in system)) return { path: tool.name, ...system };
  const packaged = await pathOf(tool);
  const version = 'reason' in packaged ? packaged : await versionOf(packaged.path, tool.name);
  if ('path' in packaged && 'version' in version) return { path: packaged.path, version: version.version };
  const reason = 'reason' in version ? version.reason : 'none';
  throw new ToolProblem(
    `There is no ${tool.name} that runs: the system's: ${system.reason}; the packaged one: ${reason}. ` +
      `Install ffmpeg, or set ${tool.variable}.`,
  );
}

/** The installer packages throw a string on unsupported platforms. */
async function pathOf(tool: Tool): Promise<{ path: string } | { reason: string }> {
  try {
    const path = await tool.packagedPath();
    await allowToRun(path);
    return { path };
  } catch (error) {
    return { reason: messageOf(error) };
  }
}

const FOR_ALL = 0o755;

/** npm may block the install script that does this for the owner; nobody does it for others. */
async function allowToRun(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & FOR_ALL) !== FOR_ALL) await chmod(path, FOR_ALL).catch(() => undefined);
  await access(path, constants.X_OK).catch((cause: unknown) => {
    throw new Error(`not executable for this user; its owner runs: chmod 755 "${path}"`, { cause });
  });
}

async function versionOf(path: string, name: string): Promise<{ version: string } | { reason: string }> {
  try {
    const result = await run(path, ['-version']);
    const version = new RegExp(`^${name} version (\\S+)`).exec(result.stdout)?.[1];
    if (result.exitCode === 0 && version) return { version };
    return { reason: `it does not answer like ${name}` };
  } catch (error) {
    return { reason: START_FAILURES[systemCodeOf(error) ?? ''] ?? messageOf(error) };
  }
}

const START_FAILURES: Record<string, string> = {
  ENOENT: 'not found',
  EACCES: 'not executable',
  ENOEXEC: 'not a program for this machine',
};

async function listEncoders(ffmpegPath: string): Promise<ReadonlySet<string>> {
  const { stdout } = await run(ffmpegPath, ['-hide_banner', '-encoders']);
  return new Set([...stdout.matchAll(/^ A\S{5} (\S+)/gm)].map((match) => match[1] ?? ''));
}

function run(path: string, args: string[]) {
  return runTool(path, args, { ...START_LIMITS, signal: new AbortController().signal });
}
