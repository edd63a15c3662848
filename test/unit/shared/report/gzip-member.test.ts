import { crc32, gunzipSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Finding } from '#shared/finding/finding.ts';
import { ndjsonGzipWriter } from '#shared/report/gzip-member.ts';

const finding = (port: number, severity: Finding['severity'], evidence = ''): Finding => ({
  id: 'f'.repeat(64),
  scanner: 'nmap',
  rule: 'open-port',
  title: 'Open port',
  severity,
  location: { host: '203.0.113.7', port },
  evidence,
  detectedAt: '2026-01-31T12:00:00.000Z',
});

async function written(findings: Finding[]) {
  const chunks: Uint8Array[] = [];
  const writer = ndjsonGzipWriter(async (bytes) => {
    chunks.push(bytes);
  });
  for (const one of findings) {
    writer.add(one);
    await writer.drain();
  }
  const member = await writer.end();
  return { member, bytes: Buffer.concat(chunks) };
}

describe('ndjsonGzipWriter', () => {
  it('writes one line a finding, in order', async () => {
    const { bytes } = await written([finding(22, 'info'), finding(80, 'high')]);
    const lines = gunzipSync(bytes).toString().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines.slice(0, 2).map((line) => JSON.parse(line).location.port)).toEqual([22, 80]);
    expect(lines[2]).toBe('');
  });

  it('says what it wrote', async () => {
    const { member, bytes } = await written([finding(22, 'info'), finding(80, 'high'), finding(81, 'high')]);
    const plain = gunzipSync(bytes);
    expect(member).toEqual({
      findings: 3,
      bySeverity: { critical: 0, high: 2, medium: 0, low: 0, info: 1 },
      bytes: bytes.length,
      crc32: crc32(plain),
      plainBytes: plain.length,
    });
  });

  it('has a bare header, and ends in an empty final block, CRC-32 and length', async () => {
    const { member, bytes } = await written([finding(22, 'info')]);
    expect(bytes.subarray(0, 10).toString('hex')).toBe('1f8b08000000000000ff');
    expect(bytes.subarray(-10, -8).toString('hex')).toBe('0300');
    expect(bytes.readUInt32LE(bytes.length - 8)).toBe(member.crc32);
    expect(bytes.readUInt32LE(bytes.length - 4)).toBe(member.plainBytes);
  });

  it('is an empty member of 20 bytes when nothing was found', async () => {
    const { member, bytes } = await written([]);
    expect(bytes.toString('hex')).toBe('1f8b08000000000000ff03000000000000000000');
    expect(member).toMatchObject({ findings: 0, bytes: 20, crc32: 0, plainBytes: 0 });
  });

  it('keeps blocks independent, so that the middle inflates without its ends', async () => {
    const many = Array.from({ length: 3_000 }, (_, port) => finding(port, 'low', 'x'.repeat(200)));
    const { bytes, member } = await written(many);
    const middle = bytes.subarray(10, -10);
    expect(middle.subarray(-4).toString('hex')).toBe('0000ffff');
    const plain = inflateRawSync(Buffer.concat([middle, Buffer.from('0300', 'hex')]));
    expect(plain.length).toBe(member.plainBytes);
    expect(plain.toString().split('\n')).toHaveLength(3_001);
  });

  it('keeps text of any script and lone surrogates readable', async () => {
    const { bytes } = await written([finding(1, 'low', 'Grüße \u2028 😀 \ud800')]);
    expect(JSON.parse(gunzipSync(bytes).toString()).evidence).toBe('Grüße \u2028 😀 \ud800');
  });

  it('passes on a failed write', async () => {
    const writer = ndjsonGzipWriter(() => Promise.reject(new Error('disk full')));
    writer.add(finding(1, 'low'));
    await expect(writer.end()).rejects.toThrow('disk full');
  });
});
