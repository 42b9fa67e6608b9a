import { RestFailure } from './errors.js';
import { decodePercent } from './read-request.js';
import type { AnyRoute, Method } from './route.js';

interface RouteMatch {
  route: AnyRoute;
  parameters: Record<string, string>;
}

export type RouteMatcher = (method: string, path: string) => RouteMatch;

interface Pattern {
  parts: string[];
  /** Names of parameters; of two matching paths the one with fewer wins. */
  names: string[];
  routes: AnyRoute[];
}

/** Finds the route for a path below /api. Throws RestFailure 404 for an unknown path, 405 for a wrong method. */
export function createRouteMatcher(routes: readonly AnyRoute[]): RouteMatcher {
  const patterns = toPatterns(routes);
  return (method, rawPath) => {
    const parts = partsOf(rawPath);
    const found = patterns.filter((candidate) => matches(candidate, parts));
    if (found.length === 0) throw new RestFailure(404, `Unknown route: "${method} /api${rawPath}".`);
    const match = choose(found, method);
    if (!match) throw wrongMethod(method, found);
    return { route: match.route, parameters: parametersOf(match.pattern, parts) };
  };
}

/** A static path leaves the methods that it has not to one with parameters: a user may be named like a route. */
function choose(found: readonly Pattern[], method: string): { pattern: Pattern; route: AnyRoute } | null {
  const asked = (method === 'HEAD' ? 'GET' : method) as Method;
  const pattern = found.find(({ routes }) => routes.some(({ methods }) => methods.includes(asked)));
  const route = pattern?.routes.find((candidate) => takes(candidate, method));
  return pattern && route ? { pattern, route } : null;
}

function toPatterns(routes: readonly AnyRoute[]): Pattern[] {
  const patterns = new Map<string, Pattern>();
  for (const route of routes) {
    const parts = partsOf(route.path);
    const names = parts.filter(isParameter).map((part) => part.slice(1, -1));
    const known = patterns.get(route.path) ?? { parts, names, routes: [] };
    known.routes.push(route);
    patterns.set(route.path, known);
  }
  return [...patterns.values()].sort((a, b) => a.names.length - b.names.length);
}

/** Ignores one trailing slash. */
function partsOf(path: string): string[] {
  return path.replace(/\/$/, '').split('/').slice(1);
}

function isParameter(part: string): boolean {
  return part.startsWith('{');
}

function matches(pattern: Pattern, parts: readonly string[]): boolean {
  if (pattern.parts.length !== parts.length) return false;
  return pattern.parts.every((part, at) => (isParameter(part) ? parts[at] !== '' : part === parts[at]));
}

/** HEAD is a GET without the body, except where the GET changes something or streams. */
function takes({ methods, changes, streams }: AnyRoute, method: string): boolean {
  if (method === 'HEAD') return methods.includes('GET') && !changes && !streams;
  return methods.includes(method as Method);
}

function wrongMethod(method: string, found: readonly Pattern[]): RestFailure {
  const known = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];
  const allow = known.filter((each) => choose(found, each)).join(', ');
  return new RestFailure(405, `Method ${method} is not supported here; allowed: ${allow}.`, {
    headers: { allow },
  });
}

function parametersOf(pattern: Pattern, parts: readonly string[]): Record<string, string> {
  const values = parts.filter((_part, at) => isParameter(pattern.parts[at] ?? ''));
  return Object.fromEntries(pattern.names.map((name, at) => [name, decodePercent(name, values[at] ?? '')]));
}
