import { describe, expect, it } from 'vitest';
import { readCommandLine } from '#local/options.ts';
import { ValidationError } from '#shared/errors.ts';

describe('readCommandLine', () => {
  it('serves on port 8088 with state in .scanfleet when nothing is said', () => {
    expect(readCommandLine([], {})).toEqual({
      mode: 'serve',
      once: false,
      options: { port: 8088, state: '.scanfleet', fresh: false, ephemeral: false, json: false },
    });
  });

  it('takes every option', () => {
    const argv = ['start', '--port', '0', '--state', '/tmp/s', '--fresh', '--json', '--once'];
    expect(readCommandLine(argv, {})).toEqual({
      mode: 'start',
      once: true,
      options: { port: 0, state: '/tmp/s', fresh: true, ephemeral: false, json: true },
    });
  });

  it('takes faults, and refuses those that there are not', () => {
    const { faults } = readCommandLine(['--faults', 'kill=0.5,seed=7'], {}).options;
    expect(faults).toEqual({ given: 'kill=0.5', seed: 7, chances: new Map([['worker.kill', 0.5]]) });
    expect(() => readCommandLine(['--faults', 'kil'], {})).toThrow('--faults "kil" is no fault');
  });

  it('takes the state directory of the environment where the command line names none', () => {
    expect(readCommandLine([], { SCANFLEET_STATE: '/s' }).options.state).toBe('/s');
    expect(readCommandLine(['--state', '/t'], { SCANFLEET_STATE: '/s' }).options.state).toBe('/t');
  });

  it.each([
    [['--port', '65536'], '--port is "65536"; allowed: 0 (any that is free) to 65535'],
    [['--port', '-1'], 'command line:'],
    [['--port', 'http'], '--port is "http"'],
    [['--port', ''], '--port is ""'],
    [['--prot', '1'], "Unknown option '--prot'"],
    [['serve', 'start'], 'start is unknown'],
    [['stop'], 'stop is unknown; allowed: serve, start, dev, gate'],
    [['--fresh', '--ephemeral'], '--fresh'],
  ])('refuses %j', (argv, message) => {
    const read = () => readCommandLine(argv, {});
    expect(read).toThrow(ValidationError);
    expect(read).toThrow(message);
  });
});
