import { expect, it } from 'vitest';
import { acceptsGzip } from '#functions/export-report/accepts-gzip.ts';

it.each([
  ['gzip', true],
  ['deflate, gzip;q=1.0, *;q=0.5', true],
  ['GZIP', true],
  ['br, *', true],
  ['*;q=0, gzip', true],
  ['identity', false],
  ['', false],
  [undefined, false],
  ['gzip;q=0', false],
  ['gzip ; q=0.0, *', false],
  ['gzip;q=nonsense', false],
  ['x-gzipped', false],
])('Accept-Encoding %j takes gzip: %s', (header, takes) => expect(acceptsGzip(header)).toBe(takes));
