import { describe, expect, it } from 'vitest';
import { newTrace, readTraceHeader } from '#shared/observability/trace.ts';

const ROOT = '1-67891233-abcdef012345678912345678';
const PARENT = '53995c3f42cd8ad8';

describe('a tracing header', () => {
  it.each([
    ['sampled', `Root=${ROOT};Parent=${PARENT};Sampled=1`, { traceId: ROOT, traceParent: PARENT }],
    [
      'as Lambda writes it',
      `Root=${ROOT};Parent=${PARENT};Sampled=1;Lineage=1:abc:0`,
      { traceId: ROOT, traceParent: PARENT },
    ],
    ['in another order', `Sampled=1;Parent=${PARENT};Root=${ROOT}`, { traceId: ROOT, traceParent: PARENT }],
    ['not sampled', `Root=${ROOT};Parent=${PARENT};Sampled=0`, { traceId: ROOT }],
    ['not yet decided', `Root=${ROOT};Parent=${PARENT};Sampled=?`, { traceId: ROOT }],
    ['without a parent', `Root=${ROOT};Sampled=1`, { traceId: ROOT }],
    ['with a parent that is none', `Root=${ROOT};Parent=../x;Sampled=1`, { traceId: ROOT }],
  ])('%s is read', (_what, header, trace) => {
    expect(readTraceHeader(header)).toEqual(trace);
  });

  it.each([
    ['absent', undefined],
    ['empty', ''],
    ['of another kind', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
    ['with a root of another form', `Root=${ROOT}0;Parent=${PARENT};Sampled=1`],
    ['with markup for a root', 'Root=<script>'],
  ])('%s names no trace', (_what, header) => {
    expect(readTraceHeader(header)).toBeUndefined();
  });
});

it('a new trace has the form of X-Ray and no parent', () => {
  expect(newTrace()).toEqual({ traceId: expect.stringMatching(/^1-[0-9a-f]{8}-[0-9a-f]{24}$/) });
});
