/** The nmap files of the corpora. */
import * as z from 'zod';
import { corporaOf } from './corpora.ts';

const Oracle = z.object({
  hosts: z.int(),
  hosts_up: z.int(),
  ports_open: z.int(),
  version: z.string(),
  exit: z.string().nullable(),
  runstats_total: z.string(),
});

/** Empty where there are no corpora. */
export const nmapCorpora = () => corporaOf('nmap', Oracle);
