/** docs/mcp.md lists the tools there are, and what each takes and gives. */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { TOOLS } from '#cli/mcp/tools/index.ts';

let rows: ReadonlyMap<string, string>;
beforeAll(async () => {
  const page = await readFile(new URL('../../../../docs/mcp.md', import.meta.url), 'utf8');
  rows = new Map([...page.matchAll(/^\| `(\w+)` \|.*$/gm)].map(([row, name]) => [name ?? '', row]));
});

describe('docs/mcp.md', () => {
  it('lists every tool and none that does not exist', () => {
    expect([...rows.keys()].sort()).toEqual(TOOLS.map(({ name }) => name).sort());
  });

  it.each(TOOLS)('says what $name takes', ({ name, input }) => {
    for (const field of Object.keys(input.shape)) expect(rows.get(name)).toContain(`\`${field}\``);
  });
});
