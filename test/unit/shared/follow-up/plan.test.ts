import { describe, expect, it } from 'vitest';
import { type Circumstances, planFollowUps } from '#shared/follow-up/plan.ts';
import { wantedScans } from '#shared/follow-up/wanted.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';
import type { MaintenanceWindow } from '#shared/target/maintenance-window.ts';
import { parseTarget } from '#shared/target/parse.ts';
import { readPolicy } from '#shared/target/policy.ts';
import { GOBUSTER, httpPort, NUCLEI, ON_HTTP } from '#test/support/trees.ts';

const NOW = '2026-01-31T12:00:00.000Z';
const circumstances = (changes: Partial<Circumstances> = {}): Circumstances => ({
  now: NOW,
  deadlineAt: '2026-01-31T13:00:00.000Z',
  first: { targets: [parseTarget('203.0.113.0/24')], scanners: [{ name: 'nmap', options: {} }] },
  depth: 1,
  tree: { children: [] },
  policy: readPolicy({}),
  availability: { gobuster: { available: true }, nuclei: { available: true } },
  limits: DEFAULT_LIMITS,
  ...changes,
});
/** What open HTTP ports call for. */
function wanted(
  ports: readonly number[],
  { rules = [ON_HTTP], host = '203.0.113.7', window = undefined as MaintenanceWindow | undefined } = {},
) {
  const scans = wantedScans(rules);
  for (const port of ports) scans.take(httpPort(port, host), window);
  return scans.result();
}
const words = ({ jobs }: ReturnType<typeof planFollowUps>) =>
  jobs.map(({ scanner, targets }) => `${scanner.name} ${targets.map(({ text }) => text)}`);

describe('what findings call for', () => {
  it('is one job a scanner and its options, each target once', () => {
    const other = { ...GOBUSTER, options: { mode: 'dir', extensions: ['php'] } };
    const rules = [ON_HTTP, ON_HTTP, { when: { scanner: 'nmap' as const, port: 80 }, scanners: [other] }];
    const plan = planFollowUps(wanted([80, 80, 81], { rules }), circumstances());
    expect(words(plan)).toEqual([
      'gobuster http://203.0.113.7/,http://203.0.113.7:81/',
      'nuclei http://203.0.113.7/,http://203.0.113.7:81/',
      'gobuster http://203.0.113.7/',
    ]);
    expect(plan.notStarted).toEqual([]);
    expect(new Set(plan.jobs.flatMap(({ scans }) => scans)).size).toBe(5);
  });

  it('leaves out what the tree has, and what the first job does itself', () => {
    const [first] = planFollowUps(wanted([80]), circumstances()).jobs;
    const tree = { children: [{ jobId: 'x', scans: first?.scans ?? [] }] };
    expect(words(planFollowUps(wanted([80]), circumstances({ tree })))).toEqual(['nuclei http://203.0.113.7/']);
    const own = { targets: [parseTarget('http://203.0.113.7')], scanners: [NUCLEI] };
    expect(words(planFollowUps(wanted([80]), circumstances({ first: own })))).toEqual(['gobuster http://203.0.113.7/']);
  });

  it('is cut off fairly: target by target, not scanner by scanner', () => {
    const limits = { ...DEFAULT_LIMITS, followUpScans: 3 };
    const plan = planFollowUps(wanted([80, 81, 82]), circumstances({ limits }));
    expect(words(plan)).toEqual(['gobuster http://203.0.113.7/,http://203.0.113.7:81/', 'nuclei http://203.0.113.7/']);
    expect(plan.notStarted).toMatchObject([
      {
        scanner: 'nuclei',
        code: 'fan_out',
        targets: 2,
        examples: ['http://203.0.113.7:81/', 'http://203.0.113.7:82/'],
      },
      { scanner: 'gobuster', code: 'fan_out', targets: 1 },
    ]);
  });

  it('counts what the tree has against the cap', () => {
    const tree = { children: [{ jobId: 'x', scans: ['a', 'b'] }] };
    const limits = { ...DEFAULT_LIMITS, followUpScans: 3 };
    expect(words(planFollowUps(wanted([80]), circumstances({ tree, limits })))).toEqual([
      'gobuster http://203.0.113.7/',
    ]);
  });

  it('is held in bounded memory, and the rest counted', () => {
    const rules = [{ when: { scanner: 'nmap' as const }, scanners: [GOBUSTER] }];
    const ports = Array.from({ length: 10_005 }, (_, n) => n + 1);
    const scans = wanted(ports, { rules });
    expect([scans.scans.length, scans.more.get('gobuster')]).toEqual([10_000, 5]);
    const [{ targets, examples } = { targets: 0, examples: [] }] = planFollowUps(scans, circumstances()).notStarted;
    expect([targets, examples.length]).toEqual([9_905, 5]);
  });

  it('becomes several jobs where one may not have so many tasks', () => {
    const limits = { ...DEFAULT_LIMITS, tasksPerJob: 2 };
    const rules = [{ when: ON_HTTP.when, scanners: [NUCLEI] }];
    expect(
      planFollowUps(wanted([80, 81, 82], { rules }), circumstances({ limits })).jobs.map(({ scans }) => scans.length),
    ).toEqual([2, 1]);
  });
});

describe('a scan is not started', () => {
  const AXE = { name: 'axe', options: {} } as const;
  const rules = [{ when: ON_HTTP.when, scanners: [GOBUSTER] }];

  it.each<[string, Partial<Circumstances>, Parameters<typeof wanted>[1]]>([
    ['deadline', { deadlineAt: '2026-01-31T12:00:00.900Z' }, {}],
    ['depth', { depth: 4 }, {}],
    ['unavailable', { availability: { gobuster: { available: false, reason: 'not here' } } }, {}],
    ['unavailable', {}, { rules: [{ when: ON_HTTP.when, scanners: [AXE] }] }],
    ['out_of_scope', {}, { host: '203.0.114.1' }],
    ['out_of_scope', {}, { host: 'www.example.com' }],
    ['window_closed', {}, { window: { notAfter: NOW } }],
    ['window_closed', {}, { window: { notBefore: '2026-01-31T13:00:00.000Z' } }],
    ['denied', { policy: readPolicy({ default: 'deny' }) }, {}],
  ])('%s: %j %j', (code, changes, asked) => {
    const plan = planFollowUps(wanted([80], { rules, ...asked }), circumstances(changes));
    expect(plan).toMatchObject({ jobs: [], notStarted: [{ code, targets: 1 }] });
  });

  it('by the reason that concerns all of them first', () => {
    const plan = planFollowUps(wanted([80], { rules, host: 'www.example.com' }), circumstances({ depth: 4 }));
    expect(plan.notStarted).toMatchObject([{ code: 'depth' }]);
  });

  it('in another window than that of what found it', () => {
    const window = { notBefore: '2026-01-31T12:30:00.000Z', notAfter: '2026-01-31T12:45:00.000Z' };
    const [job] = planFollowUps(wanted([80], { rules, window }), circumstances()).jobs;
    expect(job?.targets).toMatchObject([{ text: 'http://203.0.113.7/', window }]);
  });
});
