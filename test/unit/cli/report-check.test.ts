import { describe, expect, it } from 'vitest';
import { wholeReport } from '#cli/report-check.ts';
import type { ReportFormat } from '#shared/report/format.ts';

const JSON_REPORT =
  '{"job":{"labels":{},"taskList":[{"a":1}]},"coverage":[{"target":"x"},{"target":"y"},{"target":"z"}],"counts":{"high":1},' +
  '"findings":[{"title":"a \\"}]{[ b\\\\","location":{"host":"h"},"tags":["x"],"raw":[{"q":{}}]},{"title":"東"}]}\n';
const NDJSON_REPORT = '{"title":"a\\n"}\n{"title":"東"}\n{"end":true,"findings":2}\n';

/** The text in chunks of so many bytes. */
async function* chunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string, format: ReportFormat, expected?: number, size = 1_000): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of wholeReport(chunks(text, size), format, expected)) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

describe('a whole report', () => {
  it.each([1, 2, 7, 1_000])('passes unchanged in chunks of %i bytes', async (size) => {
    expect(await read(JSON_REPORT, 'json', 2, size)).toBe(JSON_REPORT);
    expect(await read(NDJSON_REPORT, 'ndjson', 2, size)).toBe(NDJSON_REPORT);
  });

  it('may come without a count', async () => {
    expect(await read(JSON_REPORT, 'json')).toBe(JSON_REPORT);
    expect(await read(NDJSON_REPORT, 'ndjson')).toBe(NDJSON_REPORT);
  });

  it('may hold no findings', async () => {
    const json = '{"job":{},"coverage":[{}],"counts":{},"findings":[]}\n';
    expect(await read(json, 'json', 0)).toBe(json);
    const ndjson = '{"end":true,"findings":0}\n';
    expect(await read(ndjson, 'ndjson', 0)).toBe(ndjson);
  });
});

describe('a cut report is refused', () => {
  it('wherever JSON is cut', async () => {
    for (let length = 0; length < JSON_REPORT.length - 1; length += 1)
      await expect(read(JSON_REPORT.slice(0, length), 'json', 2)).rejects.toThrow('the report is cut');
  });

  it('wherever NDJSON is cut', async () => {
    for (let length = 0; length < NDJSON_REPORT.length - 1; length += 1)
      await expect(read(NDJSON_REPORT.slice(0, length), 'ndjson', 2)).rejects.toThrow('the report is cut');
  });

  it('when nothing came at all', async () => {
    await expect(read('', 'json')).rejects.toThrow('its closing brace is missing');
    await expect(read('', 'ndjson')).rejects.toThrow('its end line is missing');
  });

  it('when findings are missing from within', async () => {
    await expect(read('{"title":"a"}\n{"end":true,"findings":2}\n', 'ndjson')).rejects.toThrow('1 of 2 findings');
    await expect(read('{"title":"a"}\n{"end":true,"findings":1}\n', 'ndjson', 2)).rejects.toThrow('1 of 2 findings');
    await expect(read(JSON_REPORT, 'json', 3)).rejects.toThrow('2 of 3 findings');
  });

  it('when a finding only looks like the end', async () => {
    await expect(read('{"title":"{\\"end\\":true,\\"findings\\":0}"}\n', 'ndjson')).rejects.toThrow('its end line');
    await expect(read('{"end":true,"findings":-1}\n', 'ndjson')).rejects.toThrow('its end line');
  });

  it('when the connection breaks', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{"title":"a"}\n');
      throw new TypeError('terminated');
    }
    const reading = async () => {
      for await (const _ of wholeReport(broken(), 'ndjson', 1));
    };
    await expect(reading()).rejects.toMatchObject({
      code: 'report_truncated',
      message: expect.stringContaining('the connection broke'),
    });
  });
});
