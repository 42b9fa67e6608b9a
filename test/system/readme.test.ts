import { readFileSync } from 'node:fs';
import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../src/schema.js';
import { ENV_VARIABLES } from '../../src/env.js';

const readme = readFileSync('README.md', 'utf8');
const examples = [...readme.matchAll(/```graphql\n(.*?)```/gs)].map(([, source = '']) => source);

describe('the README', () => {
  it('begins with the two commands', () => {
    const commands = [...readme.matchAll(/```sh\n(.*?)\n```/gs)].map(([, command]) => command);
    expect(commands.slice(0, 2)).toEqual(['npm ci && npm run demo', 'npm ci && npm test']);
  });

  it('shows a search, a subscription, a download and its results', () => {
    expect(examples.map((source) => /^(\w+ \w+)/.exec(source)?.[1])).toEqual([
      'query Search',
      'subscription Live',
      'mutation Download',
      'query Results',
    ]);
  });

  it.each(examples)('has an example that the schema accepts: %s', (source) => {
    expect(validate(schema, parse(source))).toEqual([]);
  });

  it('lists every variable of the environment, and no other', () => {
    const table = readme.slice(readme.indexOf('| variable '), readme.indexOf('How downloads are made'));
    const listed = [...table.matchAll(/^\| (.*?) +\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name),
    );
    expect(listed.sort()).toEqual(ENV_VARIABLES.map(({ name }) => name).sort());
  });
});
