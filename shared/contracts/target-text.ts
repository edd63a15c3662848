/** A target as a caller writes it, read into its canonical form. */
import * as z from 'zod';
import { parseTarget, TargetError } from '../target/parse.ts';

export const TargetText = z
  .string()
  .max(2_048, 'must be at most 2048 characters')
  .transform((value, ctx) => {
    try {
      return parseTarget(value);
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
      ctx.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  })
  .describe('A host name, IP address, CIDR or http(s) URL');
