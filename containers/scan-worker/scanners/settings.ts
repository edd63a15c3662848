/** What a deployment says of its scanners: where those are that the image may come without. */
import * as z from 'zod';

export const ScannerSettings = z.object({
  /** A path, or a name on the PATH. */
  NUCLEI_BINARY: z.string().min(1).default('nuclei'),
  /** The one folder whose templates run. */
  NUCLEI_TEMPLATES: z.string().startsWith('/', 'must be an absolute path').default('/opt/nuclei-templates'),
});
export type ScannerSettings = z.output<typeof ScannerSettings>;
