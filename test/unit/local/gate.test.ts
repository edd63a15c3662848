import { expect, it } from 'vitest';
import { countTests } from '#local/gate.ts';

const file = (status: string, ...tests: [string, string][]) => ({
  name: '/a.test.ts',
  status,
  message: '',
  assertionResults: tests.map(([fullName, of]) => ({ fullName, status: of })),
});

it('counts tests by how they ended, and names those that were skipped', () => {
  const testResults = [
    file('passed', ['a', 'passed'], ['b', 'passed'], ['c without corpora', 'skipped'], ['d', 'pending']),
    file('failed', ['e', 'failed'], ['f', 'passed'], ['g', 'todo']),
  ];
  expect(countTests({ testResults })).toEqual({ passed: 3, failed: 1, skipped: ['c without corpora', 'd', 'g'] });
});

it('counts a file that could not be loaded as one failure', () => {
  expect(countTests({ testResults: [file('failed'), file('passed', ['a', 'passed'])] })).toEqual({
    passed: 1,
    failed: 1,
    skipped: [],
  });
});
