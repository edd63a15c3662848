/**
 * The program that tests pages: a request on stdin (../request.ts), a line of JSON for each page on stdout, progress on stderr. With
 * `--version` it says which axe-core it has. Exit codes: 0 went through; 2 cannot do what is asked; 1 anything else. A signal ends it at
 * once: the browser dies with it (browser.ts). Entry file: the work is in test-site.ts.
 */
import { text } from 'node:stream/consumers';
import axe from 'axe-core';
import { REFUSED_CODE, RunnerRequest } from '../request.ts';
import { lineWriter } from './lines.ts';
import { SelectorError } from './selectors.ts';
import { testSite } from './test-site.ts';

if (process.argv.includes('--version')) process.stdout.write(`axe-core ${axe.version}\n`);
else {
  try {
    const request = RunnerRequest.parse(JSON.parse(await text(process.stdin)));
    await testSite(request, { page: lineWriter(process.stdout), progress: lineWriter(process.stderr) });
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
    process.exit(error instanceof SelectorError ? REFUSED_CODE : 1);
  }
}
