/** The tasks of the ECS emulator and their processes. */
import { randomUUID } from 'node:crypto';
import { type LocalProcess, type ProcessEnd, startProcess } from '../../process.ts';
import { AwsJsonFault } from '../aws-json.ts';
import type { StopCode, WorkerTask } from './worker-task.ts';

export interface TaskDefinition {
  /** An absolute path. */
  readonly file: string;
  readonly args: readonly string[];
  /** The process's whole environment, but for what RunTask overrides. */
  readonly env: Readonly<Record<string, string>>;
  /** From SIGTERM to SIGKILL. */
  readonly stopTimeoutSeconds: number;
}

export interface FleetOptions {
  /** By family. */
  readonly taskDefinitions: Readonly<Record<string, TaskDefinition>>;
  /** How many tasks may run at once. */
  readonly capacity: number;
  /** Of a task, without its id. */
  readonly arnPrefix: string;
  readonly now: () => Date;
  /** What a process reads from descriptor 3; `revoke` is called when it is gone. */
  readonly credentials: () => { readonly descriptor3: string; readonly revoke: () => void };
  readonly onEnded: (task: WorkerTask) => void;
  readonly onOutput?: ((chunk: Uint8Array) => void) | undefined;
  readonly faults?: WorkerFaults | undefined;
}

/** What may befall tasks, for who wants it (local/faults). */
export interface WorkerFaults {
  /** Whether the next one is accepted and then never starts. */
  neverStarts(): boolean;
  started(process: LocalProcess): void;
}

export interface RunRequest {
  readonly family: string;
  readonly count: number;
  readonly startedBy?: string | undefined;
  readonly clientToken?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

export interface Started {
  readonly tasks: readonly WorkerTask[];
  /** How many there was no room for. */
  readonly refused: number;
}

export interface Fleet {
  /** Starts processes. Throws AwsJsonFault ClientException (no such definition) or ConflictException (token used for another request). */
  run(request: RunRequest): Promise<Started>;
  /** Oldest first; those that stopped are kept for a while. */
  tasks(): readonly WorkerTask[];
  /** Begins to stop a task; again: nothing. */
  stop(task: WorkerTask, reason: string): void;
  /** Starts nothing more; resolves when every process is gone. */
  close(): Promise<void>;
}

/** ECS shows a stopped task for an hour; here the newest of them. */
const MAX_STOPPED = 100;
const MAX_TOKENS = 1_000;

export function startFleet(options: FleetOptions): Fleet {
  const tasks = new Map<string, WorkerTask>();
  const tokens = new Map<string, { readonly request: string; readonly started: Promise<Started> }>();
  const running = () => Array.from(tasks.values()).filter((task) => task.stopped === undefined);
  const starting = new Set<Promise<unknown>>();
  let closing = false;

  async function start(request: RunRequest): Promise<Started> {
    const definition = options.taskDefinitions[request.family];
    if (definition === undefined) throw new AwsJsonFault('ClientException', 'TaskDefinition not found.');
    const room = closing ? 0 : Math.max(0, options.capacity - running().length);
    const created = Array.from({ length: Math.min(room, request.count) }, () => newTask(options, request));
    for (const task of created) tasks.set(task.arn, task);
    const launched = Promise.all(created.map((task) => launch(options, definition, task, request.env)));
    starting.add(launched);
    await launched;
    starting.delete(launched);
    forgetOldest(tasks);
    return { tasks: created, refused: request.count - created.length };
  }

  return {
    async run(request) {
      const { clientToken } = request;
      if (clientToken === undefined) return start(request);
      const text = JSON.stringify(request);
      const known = tokens.get(clientToken);
      if (known === undefined) {
        const started = start(request);
        tokens.set(clientToken, { request: text, started });
        if (tokens.size > MAX_TOKENS) tokens.delete(tokens.keys().next().value as string);
        return started;
      }
      if (known.request === text) return known.started;
      throw new AwsJsonFault('ConflictException', 'The clientToken is already in use with another RunTask request.');
    },
    tasks: () => Array.from(tasks.values()),
    stop,
    async close() {
      closing = true;
      await Promise.all(starting);
      await Promise.all(
        running().map(async (task) => {
          stop(task, 'the service ends');
          await task.process?.ended;
        }),
      );
    },
  };
}

const newTask = ({ arnPrefix, now }: FleetOptions, { family, startedBy }: RunRequest): WorkerTask => ({
  arn: `${arnPrefix}${randomUUID().replaceAll('-', '')}`,
  family,
  startedBy,
  createdAt: now(),
});

function stop(task: WorkerTask, reason: string): void {
  if (task.stopReason !== undefined) return;
  task.stopReason = reason;
  if (task.process) void task.process.stop();
  else task.neverStarted?.();
}

/** Never rejects: a process that cannot be started is a task that stopped. */
async function launch(
  options: FleetOptions,
  { file, args, env, stopTimeoutSeconds }: TaskDefinition,
  task: WorkerTask,
  overrides: Readonly<Record<string, string>>,
): Promise<void> {
  const { descriptor3, revoke } = options.credentials();
  const settle = (code: StopCode, reason: string, end?: ProcessEnd) => {
    revoke();
    task.stopped = { at: options.now(), code, reason, end };
    options.onEnded(task);
  };
  if (options.faults?.neverStarts()) {
    task.neverStarted = () => settle('UserInitiated', task.stopReason ?? '');
    return;
  }
  let child: LocalProcess;
  try {
    const { onOutput } = options;
    child = await startProcess({
      file,
      args,
      env: { ...env, ...overrides },
      descriptor3,
      killAfterMs: stopTimeoutSeconds * 1000,
      ...(onOutput ? { onOutput } : {}),
    });
  } catch (error) {
    settle('TaskFailedToStart', String(error));
    return;
  }
  task.process = child;
  options.faults?.started(child);
  task.startedAt = options.now();
  if (task.stopReason !== undefined) void child.stop();
  void child.ended.then((end) => {
    if (task.stopReason === undefined) settle('EssentialContainerExited', 'Essential container in task exited', end);
    else settle('UserInitiated', task.stopReason, end);
  });
}

function forgetOldest(tasks: Map<string, WorkerTask>): void {
  const stopped = Array.from(tasks.values()).filter((task) => task.stopped !== undefined);
  for (const task of stopped.slice(0, Math.max(0, stopped.length - MAX_STOPPED))) tasks.delete(task.arn);
}
