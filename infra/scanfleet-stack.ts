/** One deployment, in the order of the flow: a request becomes a job, a job becomes tasks on a queue, a worker runs them, a report comes back. */
import { CfnOutput, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { API_URL_OUTPUT, EVIDENCE_KEY_OUTPUT } from '#shared/names.ts';
import { acknowledgeRules } from './acknowledged-rules.ts';
import { apiFunctions } from './api-functions.ts';
import { Canary } from './constructs/canary.ts';
import { EvidenceKey } from './constructs/evidence-key.ts';
import { JobAlarms } from './constructs/job-alarms.ts';
import { JobApi } from './constructs/job-api.ts';
import { JobDashboard } from './constructs/job-dashboard.ts';
import { JobEvents } from './constructs/job-events.ts';
import { JobTable } from './constructs/job-table.ts';
import { ResultsBucket } from './constructs/results-bucket.ts';
import { serviceMetrics } from './constructs/service-metrics.ts';
import { TaskQueues } from './constructs/task-queues.ts';
import { WorkerFleet } from './constructs/worker-fleet.ts';
import { eventFunctions } from './event-functions.ts';
import type { Foundation } from './foundation.ts';
import type { Settings } from './settings.ts';

export class ScanfleetStack extends Stack {
  constructor(scope: Construct, id: string, { settings, ...props }: StackProps & { readonly settings: Settings }) {
    super(scope, id, {
      description: 'scanfleet: serverless scan jobs',
      stackName: settings.name,
      terminationProtection: settings.keepsData,
      ...props,
    });
    // Under which the bill can be split, once the account's owner activates it as a cost allocation tag.
    Tags.of(this).add('scanfleet', settings.name);
    const canary = settings.canary === undefined ? undefined : new Canary(this, 'Canary');
    const foundation: Foundation = {
      jobs: new JobTable(this, 'Jobs', settings),
      tasks: new TaskQueues(this, 'Tasks'),
      results: new ResultsBucket(this, 'Results', settings),
      events: new JobEvents(this, 'Events'),
      evidence: new EvidenceKey(this, 'Evidence', settings),
      settings: { ...settings, tenants: [...(canary === undefined ? [] : [canary.caller]), ...settings.tenants] },
    };
    const workers = new WorkerFleet(this, 'Workers', foundation);
    const followers = eventFunctions(this, foundation, workers);
    const api = new JobApi(this, 'Api', {
      functions: apiFunctions(this, foundation, workers),
      settings,
    });
    if (settings.canary !== undefined) canary?.scan(settings.canary, api, foundation.events, settings);
    if (settings.alarms) {
      const metrics = serviceMetrics({ ...foundation, api, followers });
      const alarms = new JobAlarms(this, 'Alarms', metrics, settings);
      new JobDashboard(this, 'Overview', metrics, alarms, settings.name);
    }
    acknowledgeRules(this);
    new CfnOutput(this, API_URL_OUTPUT, { value: api.url });
    new CfnOutput(this, EVIDENCE_KEY_OUTPUT, { value: foundation.evidence.variables.EVIDENCE_KEY });
    new CfnOutput(this, 'ResultsBucketName', { value: foundation.results.variables.RESULTS_BUCKET });
  }
}
