import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { environment, parseEnv } from '#shared/env.ts';
import { ValidationError } from '#shared/errors.ts';

const Env = z.object({ JOB_TABLE: z.string().min(1), PORT: z.coerce.number() });

describe('parseEnv', () => {
  it('reads the variables of the schema and no others', () => {
    expect(parseEnv(Env, { JOB_TABLE: 'jobs', PORT: '80', HOME: '/root' })).toEqual({ JOB_TABLE: 'jobs', PORT: 80 });
  });

  it('names every variable that is missing or wrong', () => {
    expect(() => parseEnv(Env, { PORT: 'x' })).toThrow(ValidationError);
    expect(() => parseEnv(Env, { PORT: 'x' })).toThrow(/environment variable JOB_TABLE .*environment variable PORT /);
  });

  it('reads this process when nothing else is given', () => {
    expect(parseEnv(z.object({ PATH: z.string() }))).toEqual({ PATH: environment().PATH });
  });
});
