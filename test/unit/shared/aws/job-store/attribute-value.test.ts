import { expect, it } from 'vitest';
import { plainItem } from '#shared/aws/job-store/attribute-value.ts';

it('reads what the store writes', () => {
  expect(
    plainItem({
      status: { S: 'running' },
      attempt: { N: '2' },
      waits: { BOOL: false },
      nothing: { NULL: true },
      progress: { M: { percent: { N: '12.5' } } },
      claims: { L: [{ M: { worker: { S: 'w' } } }] },
    }),
  ).toEqual({
    status: 'running',
    attempt: 2,
    waits: false,
    nothing: null,
    progress: { percent: 12.5 },
    claims: [{ worker: 'w' }],
  });
});
