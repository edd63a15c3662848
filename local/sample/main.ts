/** A small service to scan: a few ports with something to say, on loopback. Tells its ports in one line of JSON. Entry file: what they say is in sample.ts. */
import { startSample } from './sample.ts';

const ports = await startSample('127.0.0.1');
process.stdout.write(`${JSON.stringify(ports)}\n`);
