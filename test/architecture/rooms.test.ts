import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { cruise, type ICruiseResult, type IViolation } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { afterAll, describe, expect, it } from 'vitest';
import config from '../../.dependency-cruiser.mjs';

const ROOMS = ['shared', 'functions', 'containers', 'infra', 'cli', 'local', 'test'];

async function look(baseDir: string): Promise<ICruiseResult> {
  const options = { ...config.options, baseDir, ruleSet: { forbidden: config.forbidden ?? [] }, validate: true };
  const { output } = await cruise(ROOMS, options, undefined, { tsConfig: extractTSConfig('tsconfig.json') });
  if (typeof output === 'string') throw new Error(output);
  return output;
}
const linesOf = ({ summary }: ICruiseResult) =>
  summary.violations.map(({ rule, from, to }: IViolation) => `${rule.name}: ${from} -> ${to}`).sort();

describe('the rooms', () => {
  it('keep to themselves', async () => {
    const result = await look(resolve('.'));
    expect(linesOf(result)).toEqual([]);
    const ours = result.modules.filter(({ source }) => ROOMS.some((room) => source.startsWith(`${room}/`)));
    expect(ours.length).toBeGreaterThan(200); // a TypeScript that dependency-cruiser does not know makes the cruise empty, and green
  });
});

/** A house in small: what each file imports. */
const GOOD: Record<string, string[]> = {
  'shared/words.ts': [],
  'shared/names.ts': ['./words.ts'],
  'shared/aws/store.ts': ['@aws-sdk/client-s3', '../names.ts'],
  'shared/contracts/job.ts': ['zod'],
  'shared/contracts/routes.ts': ['./job.ts'],
  'functions/middleware/http.ts': ['@middy/core'],
  'functions/get-job/env.ts': ['zod'],
  'functions/get-job/get-job.ts': ['#shared/names.ts', '#shared/contracts/job.ts'],
  'functions/get-job/handler.ts': ['./env.ts', './get-job.ts', '../middleware/http.ts', '#shared/aws/store.ts'],
  'containers/scan-worker/process.ts': ['node:child_process'],
  'containers/scan-worker/scanners/index.ts': [],
  'containers/scan-worker/main.ts': ['./process.ts', './scanners/index.ts'],
  'infra/stack.ts': [
    'aws-cdk-lib',
    '#shared/names.ts',
    '#shared/contracts/routes.ts',
    'type #functions/get-job/env.ts',
  ],
  'infra/app.ts': ['./stack.ts'],
  'cli/parse.ts': ['#containers/scan-worker/scanners/index.ts'],
  'cli/main.ts': ['./parse.ts', '@aws-sdk/credential-providers'],
  'local/process.ts': ['node:child_process'],
  'local/main.ts': ['./process.ts', '#functions/get-job/handler.ts', '@aws-sdk/client-s3'],
  'test/x.test.ts': ['node:child_process', '#functions/get-job/handler.ts'],
};

/** A way to break each rule: who imports what, how that is seen, and any other rule that the same line breaks. */
// biome-ignore format: a table reads by column
const BAD: [rule: string, from: string, imports: string, seen: RegExp, also?: string][] = [
  ['no-cycles',                       'shared/words.ts',                './names.ts',                         /^shared\/(words|names)[.]ts -> shared\/(words|names)[.]ts$/],
  ['shared-is-the-floor',             'shared/names.ts',                '#cli/parse.ts',                      /^shared\/names[.]ts -> cli\/parse[.]ts$/],
  ['domain-is-pure',                  'shared/names.ts',                'node:fs',                            /^shared\/names[.]ts -> fs$/],
  ['domain-is-pure',                  'shared/names.ts',                '@middy/core',                        /^shared\/names[.]ts -> .*\/@middy\/core\//],
  ['domain-imports-no-adapter',       'shared/words.ts',                './aws/store.ts',                     /^shared\/words[.]ts -> shared\/aws\/store[.]ts$/, 'no-cycles'],
  ['sdk-in-adapters-only',            'functions/get-job/get-job.ts',   '@aws-sdk/client-s3',                 /^functions\/get-job\/get-job[.]ts -> .*\/client-s3\//],
  ['functions-do-not-call-functions', 'functions/list-jobs/handler.ts', '../get-job/get-job.ts',              /^functions\/list-jobs\/handler[.]ts -> functions\/get-job\/get-job[.]ts$/],
  ['functions-load-one-contract',     'functions/get-job/handler.ts',   '#shared/contracts/routes.ts',        /^functions\/get-job\/handler[.]ts -> shared\/contracts\/routes[.]ts$/],
  ['runtime-rooms-keep-apart',        'functions/get-job/get-job.ts',   '#containers/scan-worker/process.ts', /^functions\/get-job\/get-job[.]ts -> containers\/scan-worker\/process[.]ts$/],
  ['runtime-rooms-keep-apart',        'containers/scan-worker/main.ts', '#functions/get-job/get-job.ts',      /^containers\/scan-worker\/main[.]ts -> functions\/get-job\/get-job[.]ts$/],
  ['infra-knows-only-names',          'infra/stack.ts',                 '#functions/get-job/get-job.ts',      /^infra\/stack[.]ts -> functions\/get-job\/get-job[.]ts$/],
  ['infra-imports-env-types-only',    'infra/stack.ts',                 '#functions/get-job/env.ts',          /^infra\/stack[.]ts -> functions\/get-job\/env[.]ts$/],
  ['infra-reads-words-only',          'infra/stack.ts',                 '#shared/words.ts',                   /^infra\/stack[.]ts -> shared\/words[.]ts$/],
  ['cdk-in-infra-only',               'local/main.ts',                  'constructs',                         /^local\/main[.]ts -> .*\/constructs\//],
  ['few-ways-to-start-a-process',     'cli/parse.ts',                   'child_process',                      /^cli\/parse[.]ts -> child_process$/],
  ['browser-in-its-runner',           'containers/scan-worker/process.ts', 'axe-core',                       /^containers\/scan-worker\/process[.]ts -> .*\/axe-core\//],
  ['entries-are-leaves',              'infra/stack.ts',                 './app.ts',                           /^infra\/stack[.]ts -> infra\/app[.]ts$/, 'no-cycles'],
  ['outside-speaks-http',             'cli/parse.ts',                   '#shared/aws/store.ts',               /^cli\/parse[.]ts -> shared\/aws\/store[.]ts$/],
  ['outside-speaks-http',             'cli/parse.ts',                   '@aws-sdk/client-sqs',                /^cli\/parse[.]ts -> .*\/client-sqs\//],
  ['cli-borrows-scanners-only',       'cli/parse.ts',                   '#containers/scan-worker/process.ts', /^cli\/parse[.]ts -> containers\/scan-worker\/process[.]ts$/],
  ['nobody-imports-tests',            'local/main.ts',                  '#test/x.test.ts',                    /^local\/main[.]ts -> test\/x[.]test[.]ts$/],
  ['rooms-speak-by-alias',            'cli/parse.ts',                   '../shared/names.ts',                 /^cli\/parse[.]ts -> shared\/names[.]ts$/],
  ['nothing-unused',                  'shared/alone.ts',                'zod',                                /shared\/alone[.]ts/],
];

describe('a rule', () => {
  const made: string[] = [];
  afterAll(() => Promise.all(made.map((folder) => rm(folder, { recursive: true }))));

  /** Builds a house of `files` beside the real packages, aliases and compiler settings. */
  async function house(files: Record<string, string[]>): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'rooms-'));
    made.push(folder);
    for (const name of ['node_modules', 'package.json', 'tsconfig.json'])
      await symlink(resolve(name), join(folder, name));
    for (const [path, imports] of Object.entries(files)) {
      const lines = imports.map((name) =>
        name.startsWith('type ') ? `import type { A } from '${name.slice(5)}';` : `import '${name}';`,
      );
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), [...lines, 'export {};\n'].join('\n'));
    }
    return folder;
  }

  it('lets a house in order be', async () => {
    expect(linesOf(await look(await house(GOOD)))).toEqual([]);
  });

  it('is shown to fail, each of them', () => {
    expect(new Set(BAD.map(([rule]) => rule))).toEqual(new Set(config.forbidden?.map(({ name }) => name)));
  });

  it.each(BAD)('%s catches that %s imports %s', async (rule, from, imports, seen, also) => {
    const { violations } = (await look(await house({ ...GOOD, [from]: [...(GOOD[from] ?? []), imports] }))).summary;
    const broken = violations
      .filter((violation) => violation.rule.name === rule)
      .map((violation) => `${violation.from} -> ${violation.to}`);
    expect(broken).toContainEqual(expect.stringMatching(seen));
    expect(new Set(violations.map((violation) => violation.rule.name))).toEqual(new Set(also ? [rule, also] : [rule]));
  });
});
