/**
 * How long a function takes from the start of Node until it can be called, which is its cold start, beside the SDK clients it uses alone
 * (made, nothing sent) and an empty handler, bundled alike; and how long `cdk synth` takes, which makes the bundles. Each figure is the
 * median of fresh processes of Node, taken in turns, so that a busy minute touches all alike.
 *
 *   node test/bench/cold-start.ts [runs = 15]
 */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import * as z from 'zod';

const root = fileURLToPath(new URL('../..', import.meta.url));
const runs = Math.min(50, Math.max(3, Number(process.argv[2] ?? 15)));

/** Functions that differ in what they use, and their clients as shared/aws/clients.ts makes them. */
const CLIENTS: Readonly<Record<string, readonly string[]>> = {
  'get-job': ['dynamoDbClient', 's3Client'],
  'dispatch-workers': ['sqsClient', 'ecsClient'],
  'export-report': ['dynamoDbClient', 's3Client'],
  'submit-job': ['dynamoDbClient', 'sqsClient', 's3Client', 'eventBridgeClient'],
};

const Template = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z
        .object({ Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }).optional() })
        .optional(),
      Metadata: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
});

interface Bundle {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A value that its schema takes, for a variable whose own is known only in a deployment. */
function standIn(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (name.includes('URL')) return 'https://sqs.us-east-1.amazonaws.com/111122223333/queue';
  return name === 'CALLER_SETTINGS' ? '{}' : 'name';
}

function bundleOf(folder: string, name: string): Bundle {
  const [path = ''] = globSync(join(folder, '*.template.json'));
  const { Resources } = Template.parse(JSON.parse(readFileSync(path, 'utf8')));
  const found = Object.values(Resources).find(
    ({ Type, Metadata }) =>
      Type === 'AWS::Lambda::Function' && String(Metadata?.['aws:cdk:path']).includes(`/${name}/`),
  );
  const variables = found?.Properties?.Environment?.Variables ?? {};
  return {
    path: join(folder, String(found?.Metadata?.['aws:asset:path']), 'index.mjs'),
    env: Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, standIn(key, value)])),
  };
}

/** As infra/constructs/node-function.ts has it done. */
async function bundleText(folder: string, name: string, contents: string): Promise<Bundle> {
  const path = join(folder, `${name}.mjs`);
  await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    outfile: path,
    ...{ bundle: true, minify: true, keepNames: true, platform: 'node', target: 'node24', format: 'esm' },
    mainFields: ['module', 'main'],
    banner: { js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);" },
  });
  return { path, env: {} };
}

const clientsAlone = (names: readonly string[]): string =>
  `import { ${names.join(', ')} } from '#shared/aws/clients.ts';
export const clients = [${names.map((name) => `${name}()`).join(', ')}];`;

/** Lambda's runtime has `awslambda`, which functions that stream ask for as they load. */
const LOADING = `
  globalThis.awslambda = { streamifyResponse: (handler) => handler };
  await import(process.argv[1]);
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ ms: performance.now(), cpuMs: (user + system) / 1000 }));
  process.exit();
`;

const Load = z.object({ ms: z.number(), cpuMs: z.number() });
type Load = z.output<typeof Load>;

function load({ path, env }: Bundle): Load {
  const ours = { ...env, PATH: process.env.PATH, AWS_REGION: 'us-east-1', HOME: tmpdir() };
  const args = ['--input-type=module', '--eval', LOADING, path];
  const lines = execFileSync(process.execPath, args, {
    env: ours,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return Load.parse(JSON.parse(lines.trim().split('\n').at(-1) ?? ''));
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const folder = await mkdtemp(join(tmpdir(), 'cold-start-'));
try {
  const began = performance.now();
  execFileSync('npx', ['--no-install', 'cdk', 'synth', '--quiet', '--output', folder], { cwd: root, stdio: 'ignore' });
  process.stdout.write(`cdk synth ${((performance.now() - began) / 1_000).toFixed(1)} s\n`);

  const bundles = new Map<string, Bundle>([
    ['empty', await bundleText(folder, 'empty', 'export const handler = async () => ({ statusCode: 204 });')],
  ]);
  for (const [name, clients] of Object.entries(CLIENTS)) {
    bundles.set(name, bundleOf(folder, name));
    bundles.set(`${name}, clients alone`, await bundleText(folder, `bare-${name}`, clientsAlone(clients)));
  }
  const taken = new Map<string, Load[]>([...bundles.keys()].map((name) => [name, []]));
  for (let run = 0; run < runs; run += 1) for (const [name, bundle] of bundles) taken.get(name)?.push(load(bundle));

  const of = (name: string, what: keyof Load) => median((taken.get(name) ?? []).map((one) => one[what]));
  const row = (name: string, than?: string) => {
    const kilobytes = (statSync(bundles.get(name)?.path ?? '').size / 1e3).toFixed(0);
    const times = (['ms', 'cpuMs'] as const).map((what) => {
      const ratio = than === undefined ? '' : `${(of(name, what) / of(than, what)).toFixed(2)} x`;
      return `${of(name, what).toFixed(0).padStart(6)} ${what} ${ratio.padEnd(6)}`;
    });
    process.stdout.write(`${name.padEnd(34)} ${kilobytes.padStart(4)} kB ${times.join('')}\n`);
  };
  row('empty');
  for (const name of Object.keys(CLIENTS)) {
    row(`${name}, clients alone`);
    row(name, `${name}, clients alone`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
