/** The local service, and what `npm start`, `npm run dev` and `npm test` hand over to. Entry file: what each mode does is beside it. */
import { processContext } from '#cli/context.ts';
import { tellFailure } from '#cli/failure.ts';
import { readCommandLine } from './options.ts';

const context = processContext();
const argv = process.argv.slice(2);
// The process that started us over a pipe is gone, however it went: as good as being told to end.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
try {
  const { mode, options, once } = readCommandLine(argv, context.env);
  // Loaded when needed: the gate must run even where the service would not.
  const modes = {
    serve: async () => (await import('./run-local.ts')).runLocal(options, context),
    start: async () => (await import('./run-local.ts')).runStart(options, once, context),
    dev: async () =>
      (await import('./dev.ts')).runDev(
        argv.filter((word) => word !== 'dev'),
        context,
      ),
    gate: async () => (await import('./gate.ts')).runGate(context.output, context.signal),
  };
  process.exitCode = await modes[mode]();
} catch (error) {
  process.exitCode = tellFailure(context, error, argv.includes('--json'));
}
