/**
 * Prints the bill of materials of the worker's image. Run by the Dockerfile, at the repository's root, with the packages that
 * dpkg-query lists, esbuild's metafile of the bundle, the folder of the packages beside it, and what fetch-nuclei.sh fetched. Entry file: what is in the bill is in sbom.ts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { billOfMaterials } from './sbom.ts';

const read = (file = '') => readFileSync(file, 'utf8');
const [packages, bundle, beside = '', fetched] = process.argv.slice(2);
const bill = billOfMaterials({
  node: process.versions.node,
  packages: read(packages),
  bundle: read(bundle),
  beside: readdirSync(beside),
  lock: read('package-lock.json'),
  fetched: read(fetched),
});
process.stdout.write(`${JSON.stringify(bill, null, 1)}\n`);
