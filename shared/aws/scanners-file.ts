/** The deployment's scanner instances, from the results bucket. */
import { SCANNERS_KEY } from '../finding/results.ts';
import { readRegistry, type ScannerRegistry } from '../scanner/registry.ts';
import { type ConfigFileDeps, configFile } from './config-file.ts';

/** At most 60 s old; without a file there are none. Throws UnavailableError `scanners_unreadable` when it is broken or S3 does not answer. */
export const scannersFile = (deps: ConfigFileDeps): (() => Promise<ScannerRegistry>) =>
  configFile(deps, {
    key: SCANNERS_KEY,
    what: 'the list of scanner instances',
    code: 'scanners_unreadable',
    read: readRegistry,
  });
