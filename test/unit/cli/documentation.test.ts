/** docs/cli.md says what the commands do: none, no option and no exit code is missing from it, and none is made up. */
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '#cli/commands/index.ts';
import { EXIT } from '#cli/exit-codes.ts';

let page: string;
beforeAll(async () => {
  page = await readFile(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
});

/** The long options of a command, as in `--json`. */
async function optionsOf(name: string): Promise<string[]> {
  const command = new Command(name);
  (await COMMANDS.find((entry) => entry.name === name)?.load())?.define(command);
  return command.options.flatMap(({ long }) => long ?? []);
}

describe('docs/cli.md', () => {
  it.each(COMMANDS.map(({ name }) => name))('has a section on %s that names its options', async (name) => {
    const common = page.slice(page.indexOf('## Which service'), page.indexOf('## Exit codes'));
    const section = page.split('\n## ').find((part) => part.startsWith(`${name}\n`));
    for (const option of await optionsOf(name)) expect(`${common}${section}`).toContain(option);
  });

  it('names no option that does not exist', async () => {
    const all = (await Promise.all(COMMANDS.map(({ name }) => optionsOf(name)))).flat();
    const named = new Set(page.match(/(?<=[\s`])--[a-z][a-z-]*/g));
    expect([...named].filter((option) => option !== '--help' && !all.includes(option))).toEqual([]);
  });

  it('lists every exit code', () => {
    const table = page.slice(page.indexOf('## Exit codes'), page.indexOf('## submit'));
    const listed = [...table.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, codes]) =>
      (codes ?? '').split(', ').map(Number),
    );
    expect(listed.sort((a, b) => a - b)).toEqual(Object.values(EXIT).sort((a, b) => a - b));
  });
});
