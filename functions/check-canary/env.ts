/** The environment of check-canary: it needs nothing but the event. */
import * as z from 'zod';

export const Env = z.object({});
export type Env = z.output<typeof Env>;
