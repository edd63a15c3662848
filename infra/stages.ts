/** What a stage decides where the settings say nothing: one row each. */
import { limitVariable } from '#shared/limits.ts';

export const STAGE_NAMES = ['dev', 'prod'] as const;
export type StageName = (typeof STAGE_NAMES)[number];

export interface Stage {
  /** Whether table and bucket outlive the stack, and the table cannot be deleted; otherwise `cdk destroy` leaves nothing behind. */
  readonly keepsData: boolean;
  readonly logRetentionDays: number;
  /** Of the whole API, all callers together; each caller's own rate is a limit (shared/limits.ts). */
  readonly requestsPerSecond: number;
  readonly requestBurst: number;
  /**
   * Runs kept free for what repairs and starts everything else, so that no flood of requests starves it. A new account has ten in all and
   * Lambda lets none of them be reserved (Lambda developer guide, "Lambda quotas"), so a first try reserves nothing.
   */
  readonly reservesConcurrency: boolean;
  /** Whether somebody is to be told: alarms and the dashboard, which CloudWatch bills. */
  readonly alarms: boolean;
  readonly limits: Partial<Record<string, string>>;
}

export const STAGES: Readonly<Record<StageName, Stage>> = {
  dev: {
    keepsData: false,
    logRetentionDays: 7,
    requestsPerSecond: 50,
    requestBurst: 100,
    reservesConcurrency: false,
    alarms: false,
    limits: { [limitVariable('jobBudgetUsd')]: '2', [limitVariable('dayBudgetUsd')]: '10' },
  },
  prod: {
    keepsData: true,
    logRetentionDays: 90,
    requestsPerSecond: 500,
    requestBurst: 1_000,
    reservesConcurrency: true,
    alarms: true,
    limits: { [limitVariable('workerSlots')]: '5' },
  },
};
