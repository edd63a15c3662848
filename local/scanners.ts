/** Which scanners this machine has: asked once, when the service starts, as its workers ask before each task. */

import { scannersWith } from '#containers/scan-worker/scanners/index.ts';
import { ScannerSettings } from '#containers/scan-worker/scanners/settings.ts';
import { type Environment, parseEnv } from '#shared/env.ts';
import type { Availabilities } from '#shared/scanner/availability.ts';

/** Throws ValidationError naming a setting of theirs that cannot be used. */
export async function scannersHere(env: Environment): Promise<Availabilities> {
  const scanners = scannersWith(parseEnv(ScannerSettings, env));
  const checked = await Promise.all(
    Array.from(scanners, async ([name, scanner]) => [name, await scanner.check()] as const),
  );
  return Object.fromEntries(checked);
}
