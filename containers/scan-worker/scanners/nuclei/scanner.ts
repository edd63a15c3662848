/** nuclei: which of the weaknesses that its templates describe a host has. */
import { stat } from 'node:fs/promises';
import { folderHash } from '../../folder-hash.ts';
import type { runProcess } from '../../process.ts';
import { programVersion } from '../../program-version.ts';
import type { Scanner } from '../../scanner.ts';
import { type NucleiSettings, nucleiCommand, nucleiGroups } from './command.ts';
import { nucleiCoverage } from './coverage.ts';
import { nucleiOutcome } from './outcome.ts';
import { nucleiParser } from './parse.ts';
import { nucleiProgress } from './progress.ts';

export interface NucleiDeps {
  readonly run: typeof runProcess;
  readonly settings: NucleiSettings;
}

/** As in `[INF] Nuclei Engine Version: v3.3.0`, which `-version` writes to stderr. */
const VERSION = /Nuclei Engine Version: v?(\d[\w.-]{0,30})/i;

export function nucleiScanner({ run, settings }: NucleiDeps): Scanner {
  let templates: Promise<string> | undefined;
  return {
    name: 'nuclei',
    rateLimit: 'nucleiRequestsPerSecond',
    rawName: 'nuclei.jsonl',
    check: () => checkNuclei(run, settings),
    // They come with the image and stay as they are while a worker lives.
    async materials() {
      templates ??= folderHash(settings.templates);
      return { templates: await templates };
    },
    groups: nucleiGroups,
    command: (scanRun) => nucleiCommand(scanRun, settings),
    progress: nucleiProgress,
    parser: nucleiParser,
    coverage: nucleiCoverage,
    outcome: nucleiOutcome,
  };
}

async function checkNuclei(
  run: typeof runProcess,
  { binary, templates }: NucleiSettings,
): ReturnType<Scanner['check']> {
  const command = { file: binary, args: ['-version', '-disable-update-check', '-no-color'] };
  const checked = await programVersion(run, 'nuclei', command, VERSION);
  if (!checked.available || (await isFolder(templates))) return checked;
  return { available: false, reason: `nuclei has no templates: there is no folder ${templates}` };
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
