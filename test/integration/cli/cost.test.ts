/** `scanfleet cost` as a process. */
import { describe, expect } from 'vitest';
import { it } from '#test/support/cli-test.ts';
import { json, problem } from '#test/support/contract-server.ts';
import { jobView } from '#test/support/job-views.ts';

const budget = { jobUsd: 10, dayUsd: 50, spentTodayUsd: 49.999, workerHourUsd: { small: 36, large: 72 } };
const stats = { from: '2026-01-01', to: '2026-01-30', days: [], scanners: [], budget };

describe('cost, of what a submit would take', () => {
  it('estimates by the prices of the deployment, and says what stands in the way', async ({ server, scanfleet }) => {
    server.answer(json(200, stats));
    const { code, stdout, stderr } = await scanfleet('cost', '127.0.0.1', '--scanner', 'nmap', '--max-cost', '0.01');
    expect(code).toBe(0);
    // A second to make ready and one for 1,000 ports, at 0.01 USD each.
    expect(stdout).toMatch(/^nmap +1 +1 +2\.0 +0\.02 /m);
    expect(stdout).toMatch(/^Estimate +0\.02 USD/m);
    expect(stdout).toMatch(/as of 2026-03/);
    expect(stderr).toContain('more than the job may cost, 0.01 USD');
    expect(stderr).toContain("more than is left of the day's budget, 0.001 USD");
  });

  it('does without a service, and says so', async ({ server, scanfleet }) => {
    server.answer(problem(403, 'access_denied'));
    const { code, stdout, stderr } = await scanfleet('cost', '127.0.0.0/24', '--scanner', 'nmap', '--json');
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { tasks: 4, scanners: [{ scanner: 'nmap', targets: 256 }] }]);
    expect(stderr).toContain('No service answered');
  });

  it('refuses what a submit would refuse', async ({ scanfleet }) => {
    const { code, stderr } = await scanfleet('cost', '127.0.0.1', '--scanner', 'nmap', '--option', 'timing=9');
    expect([code, stderr]).toEqual([2, expect.stringContaining('options.timing')]);
  });
});

describe('cost, of a job', () => {
  it('shows its account and what was spent today', async ({ server, scanfleet }) => {
    const usage = { workerSeconds: 12.34, storedBytes: 2_048, costUsd: 0.25 };
    const job = jobView({ usage, maxCostUsd: 2 });
    server.answer((request, response) => json(200, request.url.pathname === '/stats' ? stats : job)(request, response));
    const { stdout } = await scanfleet('cost', job.jobId);
    expect(stdout).toMatch(/^Cost +0\.25 USD of at most 2\.00$/m);
    expect(stdout).toMatch(/^Workers +12\.3 s of their time$/m);
    expect(stdout).toMatch(/^Tasks +0 of 1 ended, 1 attempts$/m);
    expect(stdout).toMatch(/^Today +50\.00 of 50\.00 USD spent by all jobs$/m);
  });
});
