/**
 * What is in the worker's image, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): Debian's packages, node, the npm packages that are
 * in the bundle or beside it, and nuclei where it was fetched. Each is named by its package URL (https://github.com/package-url/purl-spec).
 */
import * as z from 'zod';

/** https://esbuild.github.io/api/#metafile: the files that went into the bundle. */
const Bundle = z.object({ inputs: z.record(z.string(), z.unknown()) });

/** https://docs.npmjs.com/cli/configuring-npm/package-lock-json, version 3: packages by the folder they are in. */
const Lock = z.object({
  version: z.string(),
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), license: z.string().optional(), integrity: z.string().optional() }),
  ),
});
type Lock = z.output<typeof Lock>;

export interface Materials {
  /** The version of node. */
  readonly node: string;
  /** Lines `name version architecture`. */
  readonly packages: string;
  /** esbuild's metafile. */
  readonly bundle: string;
  /** Names of npm packages that are beside the bundle as they are. */
  readonly beside: readonly string[];
  /** package-lock.json. */
  readonly lock: string;
  /** Lines `name version sha256`, of releases of github.com/projectdiscovery. */
  readonly fetched: string;
}

interface Component {
  readonly type: 'application' | 'library';
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly [{ readonly expression: string }];
  readonly hashes?: readonly [{ readonly alg: 'SHA-256' | 'SHA-512'; readonly content: string }];
}

export interface Bill {
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.6';
  readonly version: 1;
  readonly metadata: { readonly component: { type: 'container'; name: string; version: string } };
  readonly components: readonly Component[];
}

/** Throws a SyntaxError or ZodError when an input is not what it should be, and an Error for an npm package that the lock lacks. */
export function billOfMaterials({ node, packages, bundle, beside, lock, fetched }: Materials): Bill {
  const locked = Lock.parse(JSON.parse(lock));
  const bundled = foldersOf(Object.keys(Bundle.parse(JSON.parse(bundle)).inputs));
  const folders = new Set([...bundled, ...beside.map((name) => `node_modules/${name}`)]);
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'container', name: 'scanfleet-worker', version: locked.version } },
    components: [
      { type: 'application', name: 'node', version: node, purl: `pkg:generic/node@${node}` },
      ...linesOf(fetched).map(([name = '', version = '', sha256 = '']) => released(name, version, sha256)),
      ...[...folders].sort().map((folder) => npmPackage(locked, folder)),
      ...linesOf(packages).map(([name = '', version = '', architecture = '']) => debian(name, version, architecture)),
    ],
  };
}

const linesOf = (text: string): string[][] =>
  text.split('\n').flatMap((line) => (line === '' ? [] : [line.split(' ')]));

/** Where npm put the packages that files are of: `node_modules/a/node_modules/b` for a nested one. */
const foldersOf = (files: readonly string[]): string[] =>
  files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file) ?? []);

function npmPackage({ packages }: Lock, folder: string): Component {
  const { version, license, integrity } = packages[folder] ?? {};
  if (version === undefined) throw new Error(`${folder} is in the image, but not in package-lock.json`);
  const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const sha512 = /^sha512-(.+)$/.exec(integrity ?? '')?.[1];
  return {
    type: 'library',
    name,
    version,
    purl: `pkg:npm/${name.split('/').map(encodeURIComponent).join('/')}@${version}`,
    ...(license === undefined ? {} : { licenses: [{ expression: license }] }),
    ...(sha512 === undefined
      ? {}
      : { hashes: [{ alg: 'SHA-512', content: Buffer.from(sha512, 'base64').toString('hex') }] }),
  };
}

const debian = (name: string, version: string, architecture: string): Component => ({
  type: 'library',
  name,
  version,
  purl: `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}&distro=bookworm`,
});

const released = (name: string, version: string, sha256: string): Component => ({
  type: 'application',
  name,
  version,
  purl: `pkg:github/projectdiscovery/${name}@v${version}`,
  hashes: [{ alg: 'SHA-256', content: sha256 }],
});
