/**
 * A stand-in for nuclei that behaves as its manual says, as far as we use it: flags, JSONL on stdout, statistics and notices on stderr, exit
 * codes. Its templates are files `<id>.json` of {severity, tags, path, word}: a GET of the path, and a match where the answer holds the
 * word. https://docs.projectdiscovery.io/tools/nuclei/running
 */
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export interface FakeTemplate {
  readonly severity: string;
  readonly tags: readonly string[];
  readonly path: string;
  readonly word: string;
}

/** A program and a folder of templates in `directory`. */
export async function fakeNuclei(
  directory: string,
  templates: Readonly<Record<string, FakeTemplate>>,
): Promise<{ readonly binary: string; readonly templates: string }> {
  const [binary, folder] = [join(directory, 'nuclei'), join(directory, 'templates')];
  await writeFile(binary, `#!/bin/sh\nexec '${process.execPath}' '${fileURLToPath(import.meta.url)}' "$@"\n`);
  await chmod(binary, 0o755);
  await mkdir(folder);
  for (const [id, template] of Object.entries(templates))
    await writeFile(join(folder, `${id}.json`), JSON.stringify(template));
  return { binary, templates: folder };
}

const [text, flag] = [{ type: 'string' }, { type: 'boolean' }] as const;
const FLAGS = {
  ...{ target: text, templates: text, severity: text, tags: text, 'template-id': text },
  ...{ 'exclude-tags': text, 'exclude-type': text, 'rate-limit': text, 'max-host-error': text },
  ...{ 'metrics-port': text, 'stats-interval': text, jsonl: flag, stats: flag, 'stats-json': flag },
  ...{ 'no-color': flag, 'disable-update-check': flag, 'no-interactsh': flag, 'disable-redirects': flag },
  ...{ 'restrict-local-network-access': flag, version: flag },
} as const;

function end(code: number, message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

/** Go's flags have one hyphen. */
function readFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: args.map((arg) => arg.replace(/^-(?=[a-z])/, '--')), options: FLAGS, strict: true })
      .values;
  } catch (error) {
    return end(2, `flag provided but not defined: ${String(error)}`);
  }
}

type Flags = ReturnType<typeof readFlags>;

function chosenTemplates(flags: Flags): [id: string, template: FakeTemplate][] {
  const folder = flags.templates ?? '';
  const list = (value: string | undefined) => value?.split(',') ?? [];
  const among = (wanted: string | undefined, has: readonly string[]) =>
    wanted === undefined || has.some((word) => list(wanted).includes(word));
  return readdirSync(folder)
    .sort()
    .map((file): [string, FakeTemplate] => [file.slice(0, -5), JSON.parse(readFileSync(join(folder, file), 'utf8'))])
    .filter(([id, { severity, tags }]) => {
      const isExcluded = tags.some((tag) => list(flags['exclude-tags']).includes(tag));
      return (
        !isExcluded && among(flags.severity, [severity]) && among(flags.tags, tags) && among(flags['template-id'], [id])
      );
    });
}

async function scan(flags: Flags): Promise<void> {
  const templates = chosenTemplates(flags);
  if (templates.length === 0) end(1, '[FTL] Could not run nuclei: no templates provided for scan');
  const target = flags.target?.includes('://') ? flags.target : `http://${flags.target}`;
  const endpoint = new URL(target);
  const count = { requests: 0, errors: 0, matched: 0 };
  const tell = () =>
    process.stderr.write(
      `${JSON.stringify({
        ...Object.fromEntries(Object.entries(count).map(([key, value]) => [key, String(value)])),
        percent: String(Math.floor((100 * count.requests) / templates.length)),
        total: String(templates.length),
        hosts: '1',
      })}\n`,
    );
  tell();
  for (const [id, { severity, tags, path, word }] of templates) {
    if (count.errors >= Number(flags['max-host-error'])) {
      const { hostname, port } = endpoint;
      process.stderr.write(
        `[INF] Skipped ${hostname}:${port} from target list as found unresponsive ${count.errors} times\n`,
      );
      break;
    }
    count.requests += 1;
    const url = new URL(path, target).href;
    const body = await fetch(url, { redirect: 'manual' }).then(
      (response) => response.text(),
      () => undefined,
    );
    if (body === undefined) count.errors += 1;
    else if (body.includes(word)) {
      count.matched += 1;
      const record = {
        ...{
          'template-id': id,
          info: { name: id, severity, tags },
          type: 'http',
          host: flags.target,
          'matched-at': url,
        },
        ...{ ip: endpoint.hostname, timestamp: new Date().toISOString(), 'matcher-status': true },
      };
      process.stdout.write(`${JSON.stringify(record)}\n`);
    }
    tell();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const flags = readFlags(process.argv.slice(2));
  if (flags.version) end(0, '[INF] Nuclei Engine Version: v3.3.9');
  await scan(flags);
}
