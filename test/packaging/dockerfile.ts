import {
  DockerfileParser,
  type Env,
  type Flag,
  type Instruction,
  type JSONInstruction,
  type ModifiableInstruction,
} from 'dockerfile-ast';

/** One instruction, with the variables in it replaced where Docker replaces them. */
export interface Step {
  keyword: string;
  flags: Record<string, string>;
  /** Of the JSON form as they are, else separated by white space. */
  args: string[];
  /** All that follows the flags, on one line. */
  text: string;
}

export interface Stage {
  image: string;
  name: string | null;
  steps: Step[];
}

/** What an image says about its containers. */
export interface ImageConfig {
  env: Record<string, string>;
  user: string;
  workdir: string;
  volumes: string[];
  ports: string[];
  entrypoint: string[];
  command: string[];
  healthcheck: string[];
  stopSignal: string;
}

const KNOWN = [
  ...['ARG', 'CMD', 'COPY', 'ENTRYPOINT', 'ENV', 'EXPOSE', 'FROM', 'HEALTHCHECK'],
  ...['LABEL', 'RUN', 'STOPSIGNAL', 'USER', 'VOLUME', 'WORKDIR'],
];

export function parseDockerfile(source: string): Stage[] {
  const stages: Stage[] = [];
  const args: Record<string, string> = {};
  for (const instruction of DockerfileParser.parse(source).getInstructions()) {
    const step = toStep(instruction);
    if (!KNOWN.includes(step.keyword)) throw new Error(`"${step.keyword}" is not known here.`);
    const [first = '', , name = null] = step.args;
    if (step.keyword === 'FROM') stages.push({ image: expand(first, args), name, steps: [] });
    else if (stages.length > 0) stages.at(-1)?.steps.push(step);
    else if (step.keyword === 'ARG') Object.assign(args, Object.fromEntries([first.split(/=(.*)/)]));
  }
  return stages;
}

function toStep(instruction: Instruction): Step {
  const keyword = instruction.getKeyword();
  const flags = isModifiable(instruction) ? instruction.getFlags() : [];
  const text = withoutFlags(instruction.getArgumentsContent() ?? '', flags.length);
  const json = isJson(instruction) ? instruction.getJSONStrings().map((each) => each.getJSONValue()) : [];
  const args = keyword === 'ENV' ? propertiesOf(instruction as Env) : text.split(/\s+/);
  return {
    keyword,
    flags: Object.fromEntries(flags.map((flag) => [flag.getName(), valueOf(flag)])),
    args: json.length > 0 ? json : args,
    text,
  };
}

const isModifiable = (instruction: Instruction): instruction is ModifiableInstruction =>
  'getFlags' in instruction;
const isJson = (instruction: Instruction): instruction is JSONInstruction => 'getJSONStrings' in instruction;

const valueOf = (flag: Flag): string => flag.getValue() ?? '';

const propertiesOf = (instruction: Env): string[] =>
  instruction.getProperties().map((each) => `${each.getName()}=${each.getUnescapedValue() ?? ''}`);

function withoutFlags(content: string, count: number): string {
  const oneLine = content.replace(/\\\n\s*/g, '').trim();
  return oneLine.replace(new RegExp(`^(?:--\\S+\\s+){${count}}`), '');
}

/** Variables of the image; no form of theirs with a default. */
export function expand(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    const value = values[braced ?? bare ?? ''];
    if (value === undefined) throw new Error(`${whole} has no value in the Dockerfile.`);
    return value;
  });
}

/** Of the last stage, which is the image. */
export function configOf({ steps }: Stage): ImageConfig {
  const all = (keyword: string) => steps.filter((step) => step.keyword === keyword);
  const last = (keyword: string) => all(keyword).at(-1)?.args ?? [];
  const env = all('ENV').flatMap(({ args }) => args.map((each) => each.split(/=(.*)/s).slice(0, 2)));
  const [check, ...healthcheck] = healthArgumentsOf(all('HEALTHCHECK').at(-1));
  if (check !== 'CMD') throw new Error('The image has no HEALTHCHECK.');
  return {
    env: Object.fromEntries(env) as Record<string, string>,
    user: last('USER')[0] ?? '0:0',
    workdir: last('WORKDIR')[0] ?? '/',
    volumes: last('VOLUME'),
    ports: last('EXPOSE'),
    entrypoint: last('ENTRYPOINT'),
    command: last('CMD'),
    healthcheck,
    stopSignal: last('STOPSIGNAL')[0] ?? 'SIGTERM',
  };
}

/** The command follows a word, so that the parser does not take it for the JSON form. */
function healthArgumentsOf(step: Step | undefined): string[] {
  const [, word = '', json = '[]'] = /^(\w+)\s+(\[.*\])$/.exec(step?.text ?? '') ?? [];
  return [word, ...(JSON.parse(json) as string[])];
}
