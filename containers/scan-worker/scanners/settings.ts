/** What a deployment says of its scanners: where those are that the image may come without. */
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

export const ScannerSettings = z.object({
  /** A path, or a name on the PATH. */
  NUCLEI_BINARY: z.string().min(1).default('nuclei'),
  /** The one folder whose templates run. */
  NUCLEI_TEMPLATES: z.string().startsWith('/', 'must be an absolute path').default('/opt/nuclei-templates'),
  /** A path, or a name on the PATH. */
  CHROMIUM_BINARY: z.string().min(1).default('chromium'),
  /** The program that drives Chromium (scanners/axe/runner); in the image a bundle of its own. */
  AXE_RUNNER: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .default(fileURLToPath(new URL('axe/runner/main.ts', import.meta.url))),
});
export type ScannerSettings = z.output<typeof ScannerSettings>;
