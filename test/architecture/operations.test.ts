/** docs/operations.md has a word for an operator about whatever can go wrong: each code the service gives, each line its logs warn with. */
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const ROOMS = ['shared', 'functions', 'containers', 'local'];
const operations = readFileSync('docs/operations.md', 'utf8');
const sources = ROOMS.flatMap((room) => globSync(`${room}/**/*.ts`)).map((file) => readFileSync(file, 'utf8'));

/** How codes are written: errors of ours, tasks' errors, problems, causes of stops, and the constants some of them have. */
const CODES = [
  /Error\(\s*'([a-z_]+)',/g,
  /\bcode: (?:\w+ \? )?'([a-z_]+)'/g,
  /\bcode: \w+ \? '[a-z_]+' : '([a-z_]+)'/g,
  /\berror\('([a-z_]+)', '/g,
  /(?:unavailable|taskErrorOf)\(\s*'([a-z_]+)'/g,
  /\b(?:UNAVAILABLE|OUT_OF_MEMORY) = '([a-z_]+)'/g,
  /(?:return|[?:]) \['([a-z]+_[a-z_]+)', /g,
];
/** What the patterns take for a code and is none: zod's own, and scanners' names. */
const NO_CODES = new Set(['custom', 'nmap', 'nuclei', 'gobuster', 'nessus', 'axe']);

/** What the log says when something is wrong; a line with a part that changes by its end. */
const LINES = /\blog(?:ger)?\.(?:warn|error)\(\s*(?:'([^']+)'|`[^`]*\}([^`]+)`)/g;
/** Of the local service and its fault kit, which docs/local.md tells of. */
const LOCAL_LINES = new Set(['a worker died', 'function failed', 'fault', ' failed']);

const found = (patterns: readonly RegExp[]): string[] => {
  const matches = sources.flatMap((text) => patterns.flatMap((pattern) => [...text.matchAll(pattern)]));
  return [...new Set(matches.map(([, ...groups]) => groups.find((group) => group !== undefined) ?? ''))].sort();
};

it('every code is explained', () => {
  const codes = found(CODES).filter((code) => !NO_CODES.has(code));
  expect(codes.length).toBeGreaterThan(65);
  expect(codes).toEqual(
    expect.arrayContaining(['oom', 'lease_lost', 'image_unavailable', 'scanner_refused', 'throttled']),
  );
  expect(codes.filter((code) => !operations.includes(`\`${code}\``))).toEqual([]);
});

it('every warning and error of the logs is explained', () => {
  const lines = found([LINES]).filter((line) => !LOCAL_LINES.has(line));
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.filter((line) => !operations.includes(line))).toEqual([]);
});
