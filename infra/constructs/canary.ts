/**
 * A small scan every half hour, from outside: through the API as any caller, to a verdict. EventBridge submits it, as a tenant of its own,
 * so that nobody else's jobs and limits are touched.
 */
import { Aws, Duration } from 'aws-cdk-lib';
import { type IRuleTarget, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Env as CheckCanaryEnv } from '#functions/check-canary/env.ts';
import type { Settings } from '../settings.ts';
import type { JobApi } from './job-api.ts';
import type { JobEvents } from './job-events.ts';
import { NodeFunction } from './node-function.ts';

const EVERY = Duration.minutes(30);
/** It has ended before the next begins. */
const DEADLINE_SECONDS = 1_500;
const TENANT = 'canary';

export class Canary extends Construct {
  private readonly role: Role;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('events.amazonaws.com') });
  }

  /** Who it is to the API: the first rule that matches decides. */
  get caller(): Settings['tenants'][number] {
    return { account: Aws.ACCOUNT_ID, name: this.role.roleName, tenant: TENANT };
  }

  scan(request: NonNullable<Settings['canary']>, api: JobApi, events: JobEvents, settings: Settings): void {
    const job = { ...request, name: TENANT, project: TENANT, profile: 'minimal', deadlineSeconds: DEADLINE_SECONDS };
    const submit: IRuleTarget = api.submitting(job, this.role);
    new Rule(this, 'HalfHour', { schedule: Schedule.rate(EVERY), targets: [submit] });
    const checkCanary = new NodeFunction<CheckCanaryEnv>(this, 'check-canary', { variables: {}, settings });
    events.on('JobFinished', checkCanary, { tenant: [TENANT] });
  }
}
