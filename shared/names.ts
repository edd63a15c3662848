/** Names that more than one room must spell alike: metrics, events, headers, setting variables. */

export const SERVICE = 'scanfleet';
/** As in package.json. */
export const VERSION = '0.1.0';
/** Version of every stored item's shape. A newer one is refused (SchemaVersionError), never guessed at. */
export const SCHEMA_VERSION = 1;

export const EVENT_SOURCE = 'scanfleet';
/** What ECS publishes about its tasks, on the account's default bus (developer guide, "Amazon ECS task state change events"). */
export const ECS_EVENT = { source: 'aws.ecs', type: 'ECS Task State Change' } as const;
export const EVENT_TYPES = ['JobSubmitted', 'JobFinished', 'ReportRequested', 'TargetsDenied'] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** What a worker in a container touches while it lives, for the container's health check. */
export const LIVENESS = { file: '/tmp/alive', everySeconds: 10 } as const;

/** The variable that gives log lines and metrics their `service`: in AWS the stack's name, so that two stages in one account keep apart. */
export const SERVICE_VARIABLE = 'POWERTOOLS_SERVICE_NAME';

/** The stack's output that `scanfleet login --stack` looks for. */
export const API_URL_OUTPUT = 'ApiUrl';
/** The stack's output from which it pins the key that signs evidence. */
export const EVIDENCE_KEY_OUTPUT = 'EvidenceKeyArn';

/** The container of a worker, and the variable that tells it its name, which only RunTask knows. */
export const WORKER_CONTAINER = 'scan-worker';
export const WORKER_NAME_VARIABLE = 'WORKER_NAME';

export const METRIC_NAMESPACE = 'scanfleet';
export const METRICS = {
  requests: 'Requests',
  requestMs: 'RequestDuration',
  errors: 'Errors',
  jobsSubmitted: 'JobsSubmitted',
  targetsDenied: 'TargetsDenied',
  tasksReleased: 'TasksReleased',
  tasksClaimed: 'TasksClaimed',
  tasksEnded: 'TasksEnded',
  /** Noticed by the worker that held them. */
  leasesLost: 'LeasesLost',
  /** Found by the sweeper: their worker is gone. */
  leasesExpired: 'LeasesExpired',
  workersLaunched: 'WorkersLaunched',
  launchFailures: 'LaunchFailures',
  workersLost: 'WorkersLost',
  unreadableMessages: 'UnreadableMessages',
  manifestsSigned: 'ManifestsSigned',
  canariesPassed: 'CanariesPassed',
} as const;
/** By what amounts are told apart, besides the `service`. */
export type MetricDimension = 'function' | 'workerSize' | 'scanner' | 'status' | 'cause';

export const HEADERS = {
  idempotencyKey: 'Idempotency-Key',
  findings: 'scanfleet-findings',
  requestId: 'x-amzn-RequestId',
  /** Sent by whoever reconnects to an event stream (WHATWG HTML, section 9.2.4). */
  lastEventId: 'Last-Event-ID',
} as const;
