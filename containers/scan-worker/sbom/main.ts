/**
 * Prints the bill of materials of the worker's image. Run by the Dockerfile at the repository's root, with the file of what dpkg-query
 * lists, esbuild's metafile, the file of what fetch-nuclei.sh fetched, and the names of the npm packages that stay as they are. Entry
 * file: what is in the bill is in sbom.ts.
 */
import { readFileSync } from 'node:fs';
import { billOfMaterials } from './sbom.ts';

const read = (file = '') => readFileSync(file, 'utf8');
const [packages, bundle, fetched, ...beside] = process.argv.slice(2);
const bill = billOfMaterials({
  node: process.versions.node,
  packages: read(packages),
  bundle: read(bundle),
  beside,
  lock: read('package-lock.json'),
  fetched: read(fetched),
});
process.stdout.write(`${JSON.stringify(bill, null, 1)}\n`);
