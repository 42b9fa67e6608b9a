import type { Env } from '../env.js';
import { checkPort } from '../http/listen.js';
import { check, ok, type Finding } from './finding.js';

export async function checkNetwork(env: Env): Promise<Finding[]> {
  const port = env.role === 'worker' ? [] : await check('PORT', () => checkAddress(env));
  const proxies = [
    ['HTTP_PROXY', env.httpProxy],
    ['HTTPS_PROXY', env.httpsProxy],
  ] as const;
  const used = proxies.flatMap(([name, url]) =>
    url === null ? [] : [ok(name, `Requests go through "${new URL(url).host}".`)],
  );
  return [...port, ...used];
}

async function checkAddress({ host, port }: Env): Promise<string> {
  if (port === 0) return `"${host}" takes any free port.`;
  const where = `"${host}" port ${port}`;
  return (await checkPort(host, port)) === 'free'
    ? `${where} is free.`
    : `Reprise already answers at ${where}.`;
}
