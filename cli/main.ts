#!/usr/bin/env node
/** The command line `scanfleet`. Entry file: the commands are in commands/. */
import { processContext } from './context.ts';
import { execute } from './program.ts';

process.exitCode = await execute(process.argv.slice(2), processContext());
