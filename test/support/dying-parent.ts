/** Starts a child through local/process.ts, prints its pid, and is then killed or ends, as its argument says: `killed` or `exits`. */
import { startProcess } from '#local/process.ts';
import { FAKE_SCANNER } from './fake-scanner.ts';

const child = await startProcess({ file: process.execPath, args: [FAKE_SCANNER, 'deaf', 'sleep'], env: {} });
process.stdout.write(`${child.pid}\n`, () => {
  if (process.argv[2] === 'killed') process.kill(process.pid, 'SIGKILL');
  else process.exit(0);
});
