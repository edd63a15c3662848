/** A target as a caller writes it, read into its canonical form. */
import * as z from 'zod';
import { MAX_TARGET_CHARACTERS, parseTarget, TargetError } from '../target/parse.ts';

export const TargetText = z
  .string()
  .meta({ maxLength: MAX_TARGET_CHARACTERS })
  .transform((value, ctx) => {
    try {
      return parseTarget(value);
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
      // Where a target may also be written otherwise, `continue` says that this one was meant to be text.
      ctx.addIssue({ code: 'custom', message: error.message, continue: true });
      return z.NEVER;
    }
  })
  .describe('A host name, IP address, CIDR or http(s) URL');
