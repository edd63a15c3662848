/** Who may import whom. test/architecture shows that each rule can fail, and that the code breaks none. */
const ROOMS = 'shared|functions|containers|infra|cli|local';
const ENTRIES = '/(handler|main|app)[.]ts$';
const NODE_IO = '^(node:)?(fs|net|tls|dgram|dns|http|http2|https|child_process|cluster|worker_threads)(/|$)';

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const forbidden = [
  {
    name: 'no-cycles',
    comment: 'A cycle has no reading order. Types count: they are read too.',
    from: {},
    to: { circular: true },
  },
  {
    name: 'shared-is-the-floor',
    comment: 'shared/ says what everybody means; it knows nobody.',
    from: { path: '^shared/' },
    to: { path: '^(functions|containers|infra|cli|local|test)/' },
  },
  {
    name: 'domain-is-pure',
    comment:
      'Decisions are tested without a network, a disk or an SDK: those live in shared/aws and shared/observability.',
    from: { path: '^shared/', pathNot: '^shared/(aws|observability)/' },
    to: { path: ['node_modules/(@aws-sdk|@smithy|@middy|@aws-lambda-powertools)/', NODE_IO] },
  },
  {
    name: 'domain-imports-no-adapter',
    comment: 'The domain speaks to ports; entry files choose the adapters.',
    from: { path: '^shared/', pathNot: '^shared/aws/' },
    to: { path: '^shared/aws/' },
  },
  {
    name: 'sdk-in-adapters-only',
    comment:
      'A call to AWS is made in shared/aws, so that its retries, limits and faults are in one place. Local mode makes its resources.',
    from: { path: `^(${ROOMS})/`, pathNot: ['^shared/aws/', '^local/', '^cli/'] },
    to: { path: 'node_modules/@aws-sdk/' },
  },
  {
    name: 'functions-do-not-call-functions',
    comment: 'A function folder imports shared/, functions/middleware/ and itself.',
    from: { path: '^functions/([^/]+)/' },
    to: { path: '^functions/', pathNot: ['^functions/$1/', '^functions/middleware/'] },
  },
  {
    name: 'functions-load-one-contract',
    comment:
      'The table of routes holds the schemas of all: a function that loaded it would start half as slowly again. Each takes its own route.',
    from: { path: '^functions/' },
    to: { path: '^shared/contracts/routes[.]ts$' },
  },
  {
    name: 'runtime-rooms-keep-apart',
    comment: 'A Lambda and the worker share words through shared/, never files.',
    from: { path: '^(functions|containers)/' },
    to: { path: `^(${ROOMS})/`, pathNot: ['^$1/', '^shared/'] },
  },
  {
    name: 'infra-knows-only-names',
    comment: 'infra names entry files as strings; of what runs it may import the types of env.ts.',
    from: { path: '^infra/' },
    to: { path: '^(functions|containers|cli|local)/', pathNot: '/env[.]ts$' },
  },
  {
    name: 'infra-imports-env-types-only',
    comment: 'A schema that infra ran would be infra, not environment.',
    from: { path: '^infra/' },
    to: { path: '^(functions|containers)/.*/env[.]ts$', dependencyTypesNot: ['type-only'] },
  },
  {
    name: 'infra-reads-words-only',
    comment: 'infra shares names, limits, prices, contracts, keys and settings with the code, not behaviour.',
    from: { path: '^infra/' },
    to: {
      path: '^shared/',
      pathNot:
        '^shared/(names|status|limits|errors|caller|secrets|contracts/.+|cost/prices|aws/(table|queues)|finding/results|scanner/(definition|availability))[.]ts$',
    },
  },
  {
    name: 'cdk-in-infra-only',
    comment: 'Nothing that runs carries the CDK.',
    from: { pathNot: '^(infra|test/infra)/' },
    to: { path: 'node_modules/(aws-cdk-lib|constructs)/' },
  },
  {
    name: 'few-ways-to-start-a-process',
    comment:
      'Process groups, limits and escalation are got right once for the worker and once for local mode. local/start.mjs installs, for which it can import nothing.',
    from: { pathNot: ['^(containers/scan-worker|local)/process[.]ts$', '^local/start[.]mjs$', '^test/'] },
    to: { path: '^(node:)?child_process$' },
  },
  {
    name: 'browser-in-its-runner',
    comment:
      'A browser is driven from a process of its own, which a cancel ends; the worker and the CLI never load what drives it.',
    from: { path: `^(${ROOMS})/`, pathNot: '^containers/scan-worker/scanners/axe/runner/' },
    to: { path: 'node_modules/(playwright-core|@axe-core|axe-core)/' },
  },
  {
    name: 'entries-are-leaves',
    comment: 'An entry file acts when it is imported: only local/, which plays AWS, and test/ may do that.',
    from: { path: `^(${ROOMS})/`, pathNot: '^local/' },
    to: { path: ENTRIES },
  },
  {
    name: 'outside-speaks-http',
    comment: 'The CLI goes through the API like everybody else. Of the SDK it takes the credentials chain.',
    from: { path: '^cli/' },
    to: { path: ['^shared/aws/', 'node_modules/@aws-sdk/(client|lib)-'] },
  },
  {
    name: 'cli-borrows-scanners-only',
    comment: 'scanfleet parse runs a scanner’s parser; scanfleet local hands over to local/.',
    from: { path: '^cli/' },
    to: {
      path: '^(functions|containers|infra|local)/',
      pathNot: ['^containers/scan-worker/(scanner[.]ts$|scanners/)', '^local/'],
    },
  },
  {
    name: 'nobody-imports-tests',
    comment: 'What runs does not depend on what checks it.',
    from: { pathNot: '^test/' },
    to: { path: '^test/' },
  },
  {
    name: 'rooms-speak-by-alias',
    comment: 'Across rooms by #room/…, inside a room relatively: a boundary shows in the line.',
    from: { path: `^(${ROOMS})/` },
    to: { path: `^(${ROOMS})/`, pathNot: '^$1/', dependencyTypesNot: ['aliased-subpath-import'] },
  },
  {
    name: 'nothing-unused',
    comment:
      'What no entry file leads to is dead; tests do not keep it alive. The functions’ bundles have lambda-credentials.ts put in by esbuild.',
    from: { path: [ENTRIES, '^local/start[.]mjs$'] },
    to: {
      path: `^(${ROOMS})/`,
      pathNot: [ENTRIES, '^local/start[.]mjs$', '^shared/aws/lambda-credentials[.]ts$'],
      reachable: false,
    },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
// biome-ignore lint/style/noDefaultExport: dependency-cruiser reads the default export
export default {
  forbidden: forbidden.map((rule) => ({ severity: 'error', ...rule })),
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs'] },
  },
};
