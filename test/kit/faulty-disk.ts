import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

type Call =
  'link' | 'link-beside' | 'rename' | 'fsync' | 'fsync-read-only' | 'open-new' | 'mkdir' | 'long-name';
type Code = keyof typeof constants.errno;

export interface FaultyDisk {
  /** What a program that is started in addition has in its environment. */
  env: Record<string, string>;
  /** From now on these calls fail, for the program that was started with `env`, and all others work. */
  fail(faults: Partial<Record<Call, Code | 'SIGKILL'>>): void;
  remove(): void;
}

export function hasCompiler(): boolean {
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' });
    return process.platform === 'linux';
  } catch {
    return false;
  }
}

/** Stands between a program and its C library, and answers for a disk that this machine does not have. */
const SHIM = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define REAL(type, name) ((type)dlsym(RTLD_NEXT, name))
static int fault(const char *call, const char *path) {
  const char *root = getenv("FAULTY_ROOT"), *list = getenv("FAULTY_CALLS");
  if (!root || !list || strncmp(path, root, strlen(root))) return 0;
  FILE *file = fopen(list, "re");
  char name[32];
  int number, found = 0;
  while (file && fscanf(file, "%31s %d", name, &number) == 2) if (!strcmp(name, call)) found = number;
  if (file) fclose(file);
  return found;
}
#define FAIL(call, path) do { \\
  int number = fault(call, path); \\
  if (number < 0) kill(getpid(), -number); \\
  if (number) { errno = number; return -1; } \\
} while (0)
static int is_long(const char *path) {
  const char *name = strrchr(path, '/');
  return name && strlen(name + 1) > 143;
}
int link(const char *from, const char *to) {
  if (is_long(to)) FAIL("long-name", to);
  if (strstr(from, "/.reprise.")) FAIL("link-beside", to);
  FAIL("link", to);
  return REAL(int (*)(const char *, const char *), "link")(from, to);
}
int rename(const char *from, const char *to) {
  if (is_long(to)) FAIL("long-name", to);
  FAIL("rename", to);
  return REAL(int (*)(const char *, const char *), "rename")(from, to);
}
int mkdir(const char *path, mode_t mode) {
  if (is_long(path)) FAIL("long-name", path);
  FAIL("mkdir", path);
  return REAL(int (*)(const char *, mode_t), "mkdir")(path, mode);
}
static int open_as(const char *name, const char *path, int flags, mode_t mode) {
  if (flags & O_EXCL) FAIL("open-new", path);
  return REAL(int (*)(const char *, int, ...), name)(path, flags, mode);
}
int open(const char *path, int flags, ...) {
  va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, int); va_end(rest);
  return open_as("open", path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, int); va_end(rest);
  return open_as("open64", path, flags, mode);
}
int fsync(int fd) {
  char link[64], path[4096] = {0};
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (readlink(link, path, sizeof path - 1) > 0) {
    struct stat found;
    FAIL("fsync", path);
    if (!fstat(fd, &found) && S_ISREG(found.st_mode) && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
      FAIL("fsync-read-only", path);
  }
  return REAL(int (*)(int), "fsync")(fd);
}
`;

/** A directory on a disk whose habits a test sets. Needs a compiler. */
export function createFaultyDisk(root: string): FaultyDisk {
  const directory = mkdtempSync(join(tmpdir(), 'reprise-faulty-'));
  const path = (name: string) => join(directory, name);
  writeFileSync(path('shim.c'), SHIM);
  execFileSync('gcc', ['-shared', '-fPIC', '-o', path('shim.so'), path('shim.c'), '-ldl']);
  const fail: FaultyDisk['fail'] = (faults) => {
    const lines = Object.entries(faults).map(
      ([call, code]) => `${call} ${code === 'SIGKILL' ? -constants.signals[code] : constants.errno[code]}\n`,
    );
    writeFileSync(path('calls'), lines.join(''));
  };
  fail({});
  return {
    env: { LD_PRELOAD: path('shim.so'), FAULTY_ROOT: root, FAULTY_CALLS: path('calls') },
    fail,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
