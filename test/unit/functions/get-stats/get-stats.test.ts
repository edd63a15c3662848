import { describe, expect, it } from 'vitest';
import { getStats } from '#functions/get-stats/get-stats.ts';
import { httpHandler } from '#functions/middleware/http.ts';
import { routes } from '#shared/contracts/routes.ts';
import { StatsResponse } from '#shared/contracts/stats.ts';
import { type DayFigures, FIGURES, type Figures } from '#shared/job/statistics.ts';
import { DEFAULT_LIMITS, type Limits } from '#shared/limits.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { CALLERS, call } from '#test/support/proxy-event.ts';

const middleware = { jobs: { takeToken: async () => ({ ok: true }) as const }, callers: CALLERS };
const NOTHING = Object.fromEntries(FIGURES.map((name) => [name, 0])) as Figures;

function asking(found: readonly DayFigures[] = [], limits: Partial<Limits> = {}) {
  captureLog();
  const asked: string[][] = [];
  const jobs = {
    readStats: async (tenant: string, from: string, to: string) => {
      asked.push([tenant, from, to]);
      return found;
    },
    readSpent: async (_tenant: string, day: string) => (day === '2026-03-01' ? 2_500_000_000 : undefined),
  };
  const now = () => new Date('2026-03-01T23:59:59.000Z');
  const handler = httpHandler(routes.getStats, middleware, (input) =>
    getStats({ jobs, now, limits: { ...DEFAULT_LIMITS, ...limits } }, input),
  );
  return { asked, ask: (query: Record<string, string> = {}) => call(handler, { path: '/stats', query }) };
}

describe('GET /stats', () => {
  it("shows what may be spent, what was today, and what a worker's time is counted as", async () => {
    const { json } = await asking([], { jobBudgetUsd: 4, smallWorkerHourUsd: 0.01 }).ask({ from: '2026-01-01' });
    expect(json.budget).toEqual({
      jobUsd: 4,
      dayUsd: 50,
      spentTodayUsd: 2.5,
      workerHourUsd: { small: 0.01, large: 0.084 },
    });
  });

  it('shows no cap as null', async () => {
    const off = { jobBudgetUsd: Number.POSITIVE_INFINITY, dayBudgetUsd: Number.POSITIVE_INFINITY };
    expect((await asking([], off).ask()).json.budget).toMatchObject({ jobUsd: null, dayUsd: null });
  });

  it('shows each day, and every scanner over all days', async () => {
    const { ask } = asking([
      { day: '2026-02-28', scanner: 'nmap', figures: { ...NOTHING, jobs: 1, nCompleted: 3, nFailed: 1 } },
      { day: '2026-03-01', scanner: 'axe', figures: { ...NOTHING, jobs: 1, cancels: 1 } },
      { day: '2026-03-01', scanner: 'nmap', figures: { ...NOTHING, jobs: 2, nCompleted: 4 } },
    ]);
    const { status, json } = await ask();
    expect(status).toBe(200);
    const { days, scanners } = StatsResponse.parse(json);
    expect(days.map(({ day, scanner, completionRate }) => [day, scanner, completionRate])).toEqual([
      ['2026-02-28', 'nmap', 0.75],
      ['2026-03-01', 'axe', null],
      ['2026-03-01', 'nmap', 1],
    ]);
    expect(scanners.map(({ scanner, jobs, completionRate }) => [scanner, jobs, completionRate])).toEqual([
      ['nmap', 3, 0.875],
      ['axe', 1, null],
    ]);
  });

  it.each([
    [{}, '2026-01-31', '2026-03-01'],
    [{ to: '2026-01-30' }, '2026-01-01', '2026-01-30'],
    [{ from: '2026-02-28' }, '2026-02-28', '2026-03-01'],
    [{ from: '2025-12-31', to: '2025-12-31' }, '2025-12-31', '2025-12-31'],
  ])("asked for %j reads the caller's own days from %s to %s", async (query, from, to) => {
    const { ask, asked } = asking();
    expect((await ask(query)).json).toEqual({ from, to, days: [], scanners: [], budget: expect.any(Object) });
    expect(asked).toEqual([['111111111111', from, to]]);
  });

  it.each([
    ['from', { from: '2026-03-02' }],
    ['from', { from: '2026-02-02', to: '2026-02-01' }],
    ['from', { from: '2026-02-30' }],
    ['to', { to: 'yesterday' }],
    ['tenant', { tenant: '222222222222' }],
  ])('refuses a bad %s', async (field, query) => {
    const { ask, asked } = asking();
    expect(await ask(query)).toMatchObject({ status: 400, json: { errors: [{ field }] } });
    expect(asked).toEqual([]);
  });
});
