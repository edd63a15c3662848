import { describe, expect, it } from 'vitest';
import type { ScanRun } from '#containers/scan-worker/scanner.ts';
import { axeCommand, axeGroups } from '#containers/scan-worker/scanners/axe/command.ts';
import { RunnerRequest } from '#containers/scan-worker/scanners/axe/request.ts';
import { AxeOptions } from '#shared/scanner/axe.ts';
import { named, runOf } from '#test/support/nmap.ts';

const SETTINGS = { chromium: 'chromium', runner: '/app/axe-runner.mjs' };
const requestOf = (run: ScanRun) => RunnerRequest.parse(JSON.parse(axeCommand(run, SETTINGS).input ?? ''));

describe('the program that tests pages', () => {
  it('is ours, with a bounded heap; what to do goes in on stdin', () => {
    const { file, args, env } = axeCommand(runOf([named('http://app.example/')]), SETTINGS);
    expect({ file, args, env }).toEqual({
      file: process.execPath,
      args: ['--max-old-space-size=512', '/app/axe-runner.mjs'],
      env: undefined,
    });
  });

  it('is told the target, the address that was checked, the options and the rate', () => {
    const run = runOf([named('https://app.example:8443/shop?a=b', '192.0.2.7')], { mode: 'discovery', maxPages: 3 });
    expect(requestOf({ ...run, requestsPerSecond: 7 })).toMatchObject({
      chromium: 'chromium',
      site: {
        url: 'https://app.example:8443/shop?a=b',
        origins: ['https://app.example:8443'],
        address: '192.0.2.7',
      },
      options: { mode: 'discovery', maxPages: 3, respectRobots: true },
      requestsPerSecond: 7,
    });
  });

  it('is for one target', () => {
    const [one, two] = [named('192.0.2.1'), named('192.0.2.2')];
    expect(axeGroups([one, two])).toEqual([[one], [two]]);
    expect(() => axeCommand(runOf([]), SETTINGS)).toThrow('no target');
  });
});

describe('the options', () => {
  it('test the page itself, by what the laws ask for, when nothing is said', () => {
    expect(AxeOptions.parse({})).toEqual({
      mode: 'testing',
      maxPages: 20,
      respectRobots: true,
      standards: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
      include: [],
      exclude: [],
      viewport: 'desktop',
      pageTimeoutSeconds: 30,
      needsReview: false,
      insecureTls: false,
    });
  });

  it.each([
    { maxPages: 0 },
    { maxPages: 101 },
    { standards: [] },
    { standards: ['wcag3'] },
    { include: [''] },
    { exclude: ['a'.repeat(201)] },
    { viewport: '1x1' },
    { pageTimeoutSeconds: 301 },
    { flags: '--no-sandbox' },
  ])('refuse %j', (options) => expect(AxeOptions.safeParse(options).success).toBe(false));
});
