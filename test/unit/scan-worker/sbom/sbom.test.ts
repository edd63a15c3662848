import { expect, it } from 'vitest';
import { billOfMaterials } from '#containers/scan-worker/sbom/sbom.ts';

const materials = {
  node: '24.21.0',
  packages: 'libc6 2.36-9+deb12u13 amd64\nlogin 1:4.13+dfsg1-1 amd64\n',
  bundle: JSON.stringify({
    inputs: {
      'node_modules/zod/v4/core/core.js': {},
      'node_modules/zod/index.js': {},
      'node_modules/@aws-sdk/client-s3/dist-es/index.js': {},
      'node_modules/zod/node_modules/inner/index.js': {},
      'shared/status.ts': {},
    },
  }),
  beside: ['axe-core'],
  lock: JSON.stringify({
    version: '0.1.0',
    packages: {
      '': { version: '0.1.0' },
      'node_modules/zod': { version: '4.6.7', license: 'MIT', integrity: 'sha512-AQID' },
      'node_modules/zod/node_modules/inner': { version: '1.0.0' },
      'node_modules/@aws-sdk/client-s3': { version: '3.1162.0', license: 'Apache-2.0' },
      'node_modules/axe-core': { version: '4.13.0', license: 'MPL-2.0' },
      'node_modules/not-in-the-image': { version: '9.9.9' },
    },
  }),
  fetched: 'nuclei 3.11.1 ea63\n',
};

it('names what is in the image, each by its package URL', () => {
  const { metadata, components } = billOfMaterials(materials);
  expect(metadata.component).toEqual({ type: 'container', name: 'scanfleet-worker', version: '0.1.0' });
  expect(components.map(({ purl }) => purl)).toEqual([
    'pkg:generic/node@24.21.0',
    'pkg:github/projectdiscovery/nuclei@v3.11.1',
    'pkg:npm/%40aws-sdk/client-s3@3.1162.0',
    'pkg:npm/axe-core@4.13.0',
    'pkg:npm/zod@4.6.7',
    'pkg:npm/inner@1.0.0',
    'pkg:deb/debian/libc6@2.36-9%2Bdeb12u13?arch=amd64&distro=bookworm',
    'pkg:deb/debian/login@1%3A4.13%2Bdfsg1-1?arch=amd64&distro=bookworm',
  ]);
});

it('says the licence and the checksum of a package where they are known', () => {
  const { components } = billOfMaterials(materials);
  expect(components.find(({ name }) => name === 'zod')).toEqual({
    type: 'library',
    name: 'zod',
    version: '4.6.7',
    purl: 'pkg:npm/zod@4.6.7',
    licenses: [{ expression: 'MIT' }],
    hashes: [{ alg: 'SHA-512', content: '010203' }],
  });
  expect(components.find(({ name }) => name === 'nuclei')).toMatchObject({
    hashes: [{ alg: 'SHA-256', content: 'ea63' }],
  });
  expect(components.find(({ name }) => name === 'inner')).not.toHaveProperty('hashes');
});

it('names no nuclei where none was fetched', () => {
  expect(billOfMaterials({ ...materials, fetched: '' }).components.map(({ name }) => name)).not.toContain('nuclei');
});

it('is not made of a bundle that the lock does not know', () => {
  expect(() => billOfMaterials({ ...materials, beside: ['stranger'] })).toThrow(
    'node_modules/stranger is in the image',
  );
});
