/** GET /scanners: 200 with each scanner, whether it is available and how it does. Entry file: the decision is in list-scanners.ts. */
import { dynamoDbClient, s3Client } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { s3Results } from '#shared/aws/results.ts';
import { scannersFile } from '#shared/aws/scanners-file.ts';
import { listScannersRoute } from '#shared/contracts/scanners.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { nessusInstances } from '#shared/scanner/instances.ts';
import { httpHandler } from '../middleware/http.ts';
import { Env } from './env.ts';
import { type ListScannersDeps, listScanners } from './list-scanners.ts';

const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const now = () => new Date();
const jobs = dynamoJobStore({ client: dynamoDbClient(), table: env.JOB_TABLE, limits, now });
const results = s3Results(s3Client(), env.RESULTS_BUCKET);
const registry = scannersFile({ results, now });
const deps: ListScannersDeps = {
  ...{ jobs, now, availability: env.SCANNER_AVAILABILITY },
  instances: () => nessusInstances({ results, registry, now }),
};

export const handler = httpHandler(listScannersRoute, { jobs, callers: env.CALLER_SETTINGS }, (request) =>
  listScanners(deps, request),
);
