/** Names that more than one room must spell alike: metrics, events, headers, setting variables. */

export const SERVICE = 'scanfleet';
/** As in package.json. */
export const VERSION = '0.1.0';
/** Version of every stored item's shape. A newer one is refused (SchemaVersionError), never guessed at. */
export const SCHEMA_VERSION = 1;

export const EVENT_SOURCE = 'scanfleet';
/** What ECS publishes about its tasks, on the account's default bus (developer guide, "Amazon ECS task state change events"). */
export const ECS_EVENT = { source: 'aws.ecs', type: 'ECS Task State Change' } as const;
export const EVENT_TYPES = ['JobSubmitted', 'JobFinished', 'ReportRequested'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** The container of a worker, and the variable that tells it its name, which only RunTask knows. */
export const WORKER_CONTAINER = 'scan-worker';
export const WORKER_NAME_VARIABLE = 'WORKER_NAME';

export const METRIC_NAMESPACE = 'scanfleet';
export const METRICS = {
  requests: 'Requests',
  requestMs: 'RequestDuration',
  errors: 'Errors',
  jobsSubmitted: 'JobsSubmitted',
  jobsFinished: 'JobsFinished',
  tasksReleased: 'TasksReleased',
  tasksClaimed: 'TasksClaimed',
  tasksEnded: 'TasksEnded',
  leasesLost: 'LeasesLost',
  workersLaunched: 'WorkersLaunched',
  launchFailures: 'LaunchFailures',
  workersLost: 'WorkersLost',
} as const;

export const HEADERS = {
  idempotencyKey: 'Idempotency-Key',
  findings: 'scanfleet-findings',
  requestId: 'x-amzn-RequestId',
} as const;
