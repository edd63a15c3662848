import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { Env as WorkerEnv } from '#containers/scan-worker/env.ts';
import { GATEWAY_PROBLEMS } from '#shared/contracts/problem.ts';
import { routes } from '#shared/contracts/routes.ts';
import { statementsOf } from './roles.ts';
import { buildStack, type Resource, resourcesOf, synthesize } from './synthesized.ts';

const template = synthesize({ stage: 'prod' });
const { resources, ofType } = resourcesOf(template);
const dev = synthesize({});

/** Logical ids begin with the construct's path, its hyphens left out: the folder of the function a resource belongs to. */
const FOLDERS = [
  'submit-job',
  'list-jobs',
  'get-job',
  'watch-job',
  'cancel-job',
  'retry-job',
  'delete-job',
  'get-timeline',
  'get-findings',
  'get-coverage',
  'get-evidence',
  'get-stats',
  'export-report',
  'report-link',
  'create-upload',
  'list-dead-letters',
  'redrive-dead-letters',
  'get-queue',
  'get-openapi',
  'list-scanners',
  'get-health',
  'build-report',
  'start-follow-ups',
  'dispatch-workers',
  'record-stopped-worker',
  'sign-evidence',
  'sweep-tasks',
];
const ownerOf = (logicalId: string) => FOLDERS.find((folder) => logicalId.startsWith(folder.replaceAll('-', '')));

describe('the API', () => {
  const pathOf = (resource: { Ref: string } | { 'Fn::GetAtt': unknown }): string => {
    if ('Fn::GetAtt' in resource) return '';
    const { ParentId, PathPart } = resources.get(resource.Ref)?.Properties ?? {};
    return `${pathOf(ParentId)}/${PathPart}`;
  };
  const methods = ofType('AWS::ApiGateway::Method').map(
    ({ HttpMethod, ResourceId, AuthorizationType, Integration }) => {
      const uri = JSON.stringify(Integration.Uri);
      return {
        route: `${HttpMethod} ${pathOf(ResourceId)}`,
        function: FOLDERS.find((folder) => uri.includes(`"${folder.replaceAll('-', '')}Function`)),
        streaming: Integration.ResponseTransferMode === 'STREAM' && uri.includes('response-streaming-invocations'),
        auth: AuthorizationType,
        timeout: Integration.TimeoutInMillis,
      };
    },
  );

  it('has the routes of routes.ts and no others, each with its function, all behind IAM', () => {
    const expected = Object.values(routes).map((route) => ({
      route: `${route.method} ${route.path}`,
      function: route.function,
      streaming: route.streaming,
      auth: 'AWS_IAM',
      timeout: route.streaming ? 900_000 : 29_000,
    }));
    expect(methods).toHaveLength(expected.length);
    expect(methods).toEqual(expect.arrayContaining(expected));
  });

  it('streams reports and what is watched, and nothing else', () => {
    expect(methods.filter(({ streaming }) => streaming).map(({ route }) => route)).toEqual([
      'GET /jobs/{jobId}/watch',
      'GET /jobs/{jobId}/report',
    ]);
  });

  it('lets API Gateway invoke each function only for its own route', () => {
    const permissions = ofType('AWS::Lambda::Permission').filter(
      ({ Principal }) => Principal === 'apigateway.amazonaws.com',
    );
    const allowed = permissions.map(({ SourceArn }) => /\/([A-Z]+\/[^"]*)"/.exec(JSON.stringify(SourceArn))?.[1]);
    const expected = Object.values(routes).map(({ method, path }) => `${method}${path.replace(/\{\w+\}/g, '*')}`);
    expect(allowed.sort()).toEqual(expected.sort());
  });

  it('answers what API Gateway refuses by itself as problem+json, with the security headers', () => {
    const answers = ofType('AWS::ApiGateway::GatewayResponse');
    expect(answers.map(({ ResponseType }) => ResponseType).sort()).toEqual(Object.keys(GATEWAY_PROBLEMS).sort());
    for (const { ResponseParameters, ResponseTemplates, StatusCode } of answers) {
      expect(ResponseParameters['gatewayresponse.header.Content-Type']).toBe("'application/problem+json'");
      expect(ResponseParameters['gatewayresponse.header.X-Content-Type-Options']).toBe("'nosniff'");
      expect(ResponseParameters['gatewayresponse.header.Content-Security-Policy']).toBe(
        "'default-src 'none'; frame-ancestors 'none''",
      );
      expect(JSON.parse(ResponseTemplates['application/json'])).toMatchObject({
        type: 'about:blank',
        status: Number(StatusCode),
        requestId: '$context.requestId',
      });
    }
  });

  it('logs every request, traces it, and bounds how many come at once', () => {
    template.hasResourceProperties('AWS::ApiGateway::Stage', {
      AccessLogSetting: {
        DestinationArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^ApiAccessLog'), 'Arn'] },
        Format: Match.stringLikeRegexp('"requestId":"\\$context.requestId".*"errorType":'),
      },
      TracingEnabled: true,
      MethodSettings: [
        Match.objectLike({
          HttpMethod: '*',
          ResourcePath: '/*',
          ThrottlingRateLimit: 500,
          ThrottlingBurstLimit: 1_000,
          DataTraceEnabled: false,
        }),
      ],
    });
  });

  it.each([
    [{}, 1],
    [{ allowedAccounts: ['111122223333'] }, 2],
  ])('with the settings %j lets %i accounts call: its own, and those named', (settings, accounts) => {
    const api = Object.values(synthesize(settings).findResources('AWS::ApiGateway::RestApi'))[0];
    const statements = api?.Properties.Policy.Statement;
    expect(statements).toHaveLength(1);
    expect(statements[0]).toMatchObject({ Effect: 'Allow', Action: 'execute-api:Invoke' });
    const named = JSON.stringify(statements[0].Principal.AWS);
    expect(named).toContain('AWS::AccountId');
    expect(named.match(/root/g)).toHaveLength(accounts);
  });
});

describe('a function', () => {
  const functions = ofType('AWS::Lambda::Function');

  it('is there for each folder, and no other', () => {
    expect(functions.map(({ id }) => ownerOf(id)).sort()).toEqual([...FOLDERS].sort());
  });

  it('runs on Node 24 and arm64', () => {
    for (const { Runtime, Architectures, Handler } of functions)
      expect({ Runtime, Architectures, Handler }).toEqual({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
      });
  });

  it.each(FOLDERS)('%s gets exactly the variables its env.ts reads', async (folder) => {
    const { Env } = await import(`../../functions/${folder}/env.ts`);
    const { Environment } = functions.find(({ id }) => ownerOf(id) === folder) ?? {};
    const ofAll = ['POWERTOOLS_SERVICE_NAME', 'SCANFLEET_WORKER_SLOTS'];
    expect(Object.keys(Environment.Variables).sort()).toEqual([...Object.keys(Env.shape), ...ofAll].sort());
  });

  it('is traced, and its log expires', () => {
    for (const { TracingConfig, LoggingConfig } of functions) {
      expect(TracingConfig).toEqual({ Mode: 'Active' });
      expect(resources.get(LoggingConfig.LogGroup.Ref)?.Properties.RetentionInDays).toBe(90);
    }
  });

  it('that repairs and starts what was lost is never starved by requests, once an account has runs to reserve', () => {
    const reserved = (list: { id: string; ReservedConcurrentExecutions?: number }[]) =>
      list.flatMap(({ id, ReservedConcurrentExecutions: runs }) =>
        runs === undefined ? [] : `${ownerOf(id)} ${runs}`,
      );
    expect(reserved(functions).sort()).toEqual(['dispatch-workers 2', 'sweep-tasks 1']);
    expect(reserved(resourcesOf(dev).ofType('AWS::Lambda::Function'))).toEqual([]);
  });

  it('has a role of its own, without managed policies', () => {
    const roles = functions.map(({ Role }) => Role['Fn::GetAtt'][0]);
    expect(new Set(roles).size).toBe(FOLDERS.length);
    for (const role of roles) expect(resources.get(role)?.Properties).not.toHaveProperty('ManagedPolicyArns');
  });
});

describe('a role', () => {
  it('that reads only may write nothing but a caller’s token bucket', () => {
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyName: Match.stringLikeRegexp('^getjob'),
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'dynamodb:UpdateItem',
            Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['TENANT#*'] } },
          }),
        ]),
      },
    });
  });

  it('that records stopped workers writes nothing of any tenant', () => {
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyName: Match.stringLikeRegexp('^recordstoppedworker'),
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'dynamodb:UpdateItem',
            Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['FLEET'] } },
          }),
        ]),
      },
    });
  });

  it('is passed to ECS tasks alone', () => {
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'iam:PassRole',
            Condition: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
          }),
        ]),
      },
    });
  });
});

describe('the table', () => {
  it('has the keys and indexes of the records, is paid on demand, can be restored, and expires items', () => {
    const key = (pk: string, sk: string) => [
      { AttributeName: pk, KeyType: 'HASH' },
      { AttributeName: sk, KeyType: 'RANGE' },
    ];
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: key('pk', 'sk'),
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiresAtEpochSeconds', Enabled: true },
      GlobalSecondaryIndexes: [
        { IndexName: 'by-tenant', KeySchema: key('tenant', 'createdKey'), Projection: { ProjectionType: 'KEYS_ONLY' } },
        {
          IndexName: 'by-tenant-status',
          KeySchema: key('tenantStatus', 'createdKey'),
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
        {
          IndexName: 'open-jobs',
          KeySchema: key('checkShard', 'checkAt'),
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    });
  });
});

describe('what a stage leaves behind', () => {
  const kept = (stack: typeof template, type: string) =>
    Object.values(stack.findResources(type)).map(({ DeletionPolicy }) => DeletionPolicy);

  it('is table, bucket and key in prod, where nobody deletes the table by accident', () => {
    expect(kept(template, 'AWS::DynamoDB::Table')).toEqual(['Retain']);
    expect(kept(template, 'AWS::S3::Bucket')).toEqual(['Retain']);
    expect(kept(template, 'AWS::KMS::Key')).toEqual(['Retain']);
    template.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: true });
    expect(buildStack({ stage: 'prod' }).stack.terminationProtection).toBe(true);
  });

  it('is nothing in dev but the role that lets API Gateway write the logs of the whole region', () => {
    const left = Object.entries(dev.toJSON().Resources as Record<string, { DeletionPolicy?: string }>);
    expect(left.filter(([, { DeletionPolicy }]) => DeletionPolicy?.startsWith('Retain')).map(([id]) => id)).toEqual([
      expect.stringMatching(/^ApiRestCloudWatchRole/),
      expect.stringMatching(/^ApiRestAccount/),
    ]);
    dev.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
    dev.resourceCountIs('Custom::S3AutoDeleteObjects', 1);
    expect(buildStack({}).stack.terminationProtection).toBe(false);
  });
});

describe('the key that signs evidence', () => {
  const accounts = ['111122223333'];
  const key = Object.values(synthesize({ allowedAccounts: accounts }).findResources('AWS::KMS::Key'))[0]?.Properties;

  it('is on P-256, for signatures alone, under an alias of the stage', () => {
    expect(key).toMatchObject({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    template.hasResourceProperties('AWS::KMS::Alias', { AliasName: 'alias/scanfleet-prod-evidence' });
  });

  it('shows its public half to whoever may call the API, and to nobody else', () => {
    const statements: { Sid?: string }[] = key?.KeyPolicy.Statement;
    expect(statements.filter(({ Sid }) => Sid !== undefined)).toEqual([
      {
        Sid: 'PublicKey',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: 'kms:GetPublicKey',
        Resource: '*',
        Condition: { StringEquals: { 'kms:CallerAccount': [{ Ref: 'AWS::AccountId' }, ...accounts] } },
      },
    ]);
  });

  it('signs digests for sign-evidence, and for no other role', () => {
    const signing = statementsOf(template).filter(({ actions }) => actions.some((action) => action.startsWith('kms:')));
    expect(signing.map(({ policy, actions, condition }) => [policy.slice(0, 12), actions, condition])).toEqual([
      [
        'signevidence',
        ['kms:Sign'],
        '{"StringEquals":{"kms:SigningAlgorithm":"ECDSA_SHA_256","kms:MessageType":"DIGEST"}}',
      ],
    ]);
  });

  it('is named by an output, for the CLI to pin', () => {
    template.hasOutput('EvidenceKeyArn', { Value: { 'Fn::GetAtt': [Match.stringLikeRegexp('^EvidenceKey'), 'Arn'] } });
  });
});

describe('two stages in one account', () => {
  it('share no name, and split the bill by a tag', () => {
    const names = [template, dev].map((stack) =>
      Object.entries(stack.toJSON().Resources as Record<string, Resource>)
        .flatMap(([, { Properties = {} }]) => [Properties.Name, Properties.Family, Properties.DashboardName])
        .filter((name) => typeof name === 'string'),
    );
    expect(names[0]).toEqual(expect.arrayContaining(['scanfleet-prod', 'scanfleet-prod-worker-small']));
    expect(names[0]?.filter((name) => names[1]?.includes(name) && name !== 'FARGATE')).toEqual([]);
    for (const type of ['AWS::Lambda::Function', 'AWS::DynamoDB::Table', 'AWS::ECS::TaskDefinition', 'AWS::S3::Bucket'])
      template.allResourcesProperties(type, { Tags: Match.arrayWith([{ Key: 'scanfleet', Value: 'scanfleet-prod' }]) });
  });
});

describe('the queues', () => {
  it('are two, each with dead letters after five receives', () => {
    const queues = ofType('AWS::SQS::Queue');
    expect(queues).toHaveLength(4);
    const redriven = queues.filter(({ RedrivePolicy }) => RedrivePolicy);
    expect(redriven.map(({ id }) => id.slice(0, 10))).toEqual(['TasksSmall', 'TasksLarge']);
    for (const { RedrivePolicy, VisibilityTimeout } of redriven) {
      expect(RedrivePolicy.maxReceiveCount).toBe(5);
      expect(VisibilityTimeout).toBe(30);
    }
  });

  it('are encrypted and refuse plain HTTP', () => {
    for (const { SqsManagedSseEnabled } of ofType('AWS::SQS::Queue')) expect(SqsManagedSseEnabled).toBe(true);
    expect(ofType('AWS::SQS::QueuePolicy')).toHaveLength(4);
  });
});

describe('the bucket', () => {
  it('is closed to the public, to plain HTTP and to others’ ownership, and encrypted', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ],
      },
    });
  });

  it.each([
    [{}, 9],
    [{ limits: { SCANFLEET_RETENTION_SECONDS: 2_592_001 } }, 33],
  ])(
    'with the settings %j keeps objects for %i days, two more than their records, and the policy for ever',
    (settings, days) => {
      const bucket = Object.values(synthesize(settings).findResources('AWS::S3::Bucket'))[0];
      expect(bucket?.Properties.LifecycleConfiguration.Rules).toEqual([
        { Id: 'abort-uploads', Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
        { Id: 'expire-results', Status: 'Enabled', Prefix: 'results/', ExpirationInDays: days },
        { Id: 'expire-plans', Status: 'Enabled', Prefix: 'plans/', ExpirationInDays: days },
        { Id: 'expire-reports', Status: 'Enabled', Prefix: 'reports/', ExpirationInDays: days },
        { Id: 'expire-evidence', Status: 'Enabled', Prefix: 'evidence/', ExpirationInDays: days },
        { Id: 'expire-uploads', Status: 'Enabled', Prefix: 'uploads/', ExpirationInDays: days },
        { Id: 'expire-health', Status: 'Enabled', Prefix: 'health/', ExpirationInDays: days },
      ]);
    },
  );
});

describe('events and the clock', () => {
  const rules = ofType('AWS::Events::Rule').map(({ EventPattern, ScheduleExpression, EventBusName, Targets }) => ({
    on: EventPattern?.['detail-type']?.[0] ?? ScheduleExpression,
    source: EventPattern?.source,
    own: EventBusName !== undefined,
    runs: Targets.map(({ Arn }: { Arn: { 'Fn::GetAtt': string[] } }) => ownerOf(Arn['Fn::GetAtt'][0] ?? '')),
  }));

  it('start the functions that follow them', () => {
    expect(rules).toHaveLength(7);
    expect(rules).toEqual(
      expect.arrayContaining([
        { on: 'JobSubmitted', source: ['scanfleet'], own: true, runs: ['dispatch-workers'] },
        { on: 'JobFinished', source: ['scanfleet'], own: true, runs: ['sign-evidence'] },
        { on: 'ReportRequested', source: ['scanfleet'], own: true, runs: ['build-report'] },
        { on: 'JobFinished', source: ['scanfleet'], own: true, runs: ['start-follow-ups'] },
        {
          on: 'ECS Task State Change',
          source: ['aws.ecs'],
          own: false,
          runs: ['record-stopped-worker', 'dispatch-workers'],
        },
        { on: 'rate(1 minute)', source: undefined, own: false, runs: ['dispatch-workers'] },
        { on: 'rate(1 minute)', source: undefined, own: false, runs: ['sweep-tasks'] },
      ]),
    );
  });
});

it('only workers of this deployment that have stopped start anybody', () => {
  template.hasResourceProperties('AWS::Events::Rule', {
    EventPattern: {
      'detail-type': ['ECS Task State Change'],
      detail: {
        clusterArn: [{ 'Fn::GetAtt': [Match.stringLikeRegexp('^WorkersCluster'), 'Arn'] }],
        lastStatus: ['STOPPED'],
      },
    },
  });
});

/** Where programs lie says the image. */
const OF_THE_IMAGE = /^(NUCLEI_|CHROMIUM_BINARY$|AXE_RUNNER$)/;

describe('the workers', () => {
  const definitions = ofType('AWS::ECS::TaskDefinition');

  it.each([
    ['Small', '512', '1024'],
    ['Large', '2048', '4096'],
  ])('%s have %s units of CPU and %s MiB', (size, Cpu, Memory) => {
    const { RuntimePlatform, ...definition } = definitions.find(({ id }) => id.startsWith(`Workers${size}`)) ?? {};
    expect(definition).toMatchObject({ Cpu, Memory, NetworkMode: 'awsvpc', RequiresCompatibilities: ['FARGATE'] });
    expect(RuntimePlatform).toEqual({ CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' });
  });

  it('get exactly the variables their env.ts reads, time to stop', () => {
    for (const { ContainerDefinitions } of definitions) {
      expect(ContainerDefinitions).toHaveLength(1);
      const [{ Name, Environment, StopTimeout }] = ContainerDefinitions;
      const names = Environment.map(({ Name }: { Name: string }) => Name);
      const ofEachLaunch = 'WORKER_NAME';
      const ofAll = ['POWERTOOLS_SERVICE_NAME', 'SCANFLEET_WORKER_SLOTS'];
      const read = Object.keys(WorkerEnv.shape).filter((variable) => !OF_THE_IMAGE.test(variable));
      expect([...names, ofEachLaunch].sort()).toEqual([...read, ...ofAll].sort());
      expect(Name).toBe('scan-worker');
      expect(StopTimeout).toBe(120);
    }
  });

  it('have no right on their machine but to write to /tmp, and no init process that would show their credentials', () => {
    for (const { ContainerDefinitions, Volumes } of definitions) {
      const [container] = ContainerDefinitions;
      expect(container).toMatchObject({
        User: '10001',
        ReadonlyRootFilesystem: true,
        LinuxParameters: { Capabilities: { Drop: ['ALL'] }, InitProcessEnabled: false },
        MountPoints: [{ ContainerPath: '/tmp', ReadOnly: false, SourceVolume: 'tmp' }],
      });
      expect(container.LinuxParameters.Capabilities.Add).toBeUndefined();
      expect(container.Privileged).not.toBe(true);
      expect(Volumes).toEqual([{ Name: 'tmp' }]);
    }
    const dockerfile = readFileSync('containers/scan-worker/Dockerfile', 'utf8');
    expect(dockerfile).toContain('--uid 10001 ');
    expect(dockerfile).toMatch(/^VOLUME \/tmp$/m);
  });

  it('are unhealthy once their process shows no life for a minute', () => {
    for (const { ContainerDefinitions } of definitions) {
      const [{ HealthCheck, Environment }] = ContainerDefinitions;
      expect(HealthCheck.Command).toEqual(['CMD-SHELL', 'test -n "$(find /tmp/alive -mmin -1)"']);
      expect(Environment).toContainEqual({ Name: 'LIVENESS_FILE', Value: '/tmp/alive' });
    }
  });

  it.each([
    ['arm64', 'ARM64'],
    ['x86_64', 'X86_64'],
  ])('run on %s where that is asked for', (workerArchitecture, CpuArchitecture) => {
    synthesize({ workerArchitecture }).allResourcesProperties('AWS::ECS::TaskDefinition', {
      RuntimePlatform: { CpuArchitecture },
    });
  });

  it('run an image that is built from this repository, or one that lies elsewhere', () => {
    const imageOf = (workerImage: string) => {
      const { ofType: from } = resourcesOf(synthesize({ workerImage }));
      const [definition] = from('AWS::ECS::TaskDefinition');
      return JSON.stringify(definition.ContainerDefinitions[0].Image);
    };
    expect(imageOf('build')).toContain('cdk-hnb659fds-container-assets-');
    expect(imageOf('registry.example/team/worker:1.2.3')).toBe('"registry.example/team/worker:1.2.3"');
    const ecr = '111122223333.dkr.ecr.eu-central-1.amazonaws.com/worker';
    expect(imageOf(`${ecr}@sha256:${'a'.repeat(64)}`)).toContain(`/worker@sha256:${'a'.repeat(64)}`);
    const pulls = resourcesOf(synthesize({ workerImage: `${ecr}:1` })).ofType('AWS::IAM::Policy');
    expect(JSON.stringify(pulls.filter(({ id }) => id.includes('ExecutionRole')))).toContain(
      'ecr:eu-central-1:111122223333:repository/worker',
    );
  });

  it.each([
    [{}, 'without'],
    [{ scanners: { nuclei: { available: true } } }, 'with'],
  ])('run an image that is built of what it needs and nothing else, by %j %s nuclei', (settings, NUCLEI) => {
    const { app, stack } = buildStack(settings);
    const { directory } = app.synth();
    const { dockerImages } = JSON.parse(readFileSync(join(directory, `${stack.artifactId}.assets.json`), 'utf8'));
    const [{ source }] = Object.values<{ source: { directory: string } }>(dockerImages) as [
      { source: { directory: string } },
    ];
    expect(source).toMatchObject({ dockerBuildArgs: { NUCLEI }, dockerFile: 'containers/scan-worker/Dockerfile' });
    const context = readdirSync(join(directory, source.directory));
    expect(context.sort()).toEqual(['.dockerignore', 'containers', 'package-lock.json', 'package.json', 'shared']);
  });

  it('run in a network of the user’s, with an address of their own only where that is asked for', () => {
    const network = { vpcId: 'vpc-0a1b2c3d', subnetIds: ['subnet-0a1b2c3d', 'subnet-0a1b2c3e'] };
    const there = synthesize({ network });
    for (const type of ['VPC', 'Subnet', 'VPCEndpoint']) there.resourceCountIs(`AWS::EC2::${type}`, 0);
    there.hasResourceProperties('AWS::EC2::SecurityGroup', { VpcId: 'vpc-0a1b2c3d' });
    const variables = { WORKER_SUBNETS: 'subnet-0a1b2c3d,subnet-0a1b2c3e', WORKER_PUBLIC_ADDRESSES: 'DISABLED' };
    there.hasResourceProperties('AWS::Lambda::Function', { Environment: { Variables: variables } });
    synthesize({ network: { ...network, publicAddresses: true } }).hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { ...variables, WORKER_PUBLIC_ADDRESSES: 'ENABLED' } },
    });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { WORKER_PUBLIC_ADDRESSES: 'ENABLED' } },
    });
  });

  it('run on Spot or on demand', () => {
    template.hasResourceProperties('AWS::ECS::Cluster', {
      CapacityProviders: ['FARGATE', 'FARGATE_SPOT'],
    });
  });

  it('run in public subnets without a NAT, reach table and bucket inside AWS, and listen to nobody', () => {
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
    const endpoints = ofType('AWS::EC2::VPCEndpoint').map(
      ({ VpcEndpointType, ServiceName }) => `${VpcEndpointType} ${JSON.stringify(ServiceName)}`,
    );
    expect(endpoints).toEqual([expect.stringMatching(/^Gateway .*s3/), expect.stringMatching(/^Gateway .*dynamodb/)]);
    for (const group of ofType('AWS::EC2::SecurityGroup')) expect(group.SecurityGroupIngress).toBeUndefined();
    template.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  });
});

describe('the settings', () => {
  it('reach functions and workers as variables', () => {
    const changed = synthesize({
      stage: 'prod',
      limits: { SCANFLEET_QUOTA: 'off', SCANFLEET_WORKER_SLOTS: 5 },
      admins: [{ account: '111122223333', name: 'Admin' }],
    });
    changed.allResourcesProperties('AWS::Lambda::Function', {
      Environment: { Variables: { SCANFLEET_QUOTA: 'off', SCANFLEET_WORKER_SLOTS: '5' } },
    });
    changed.allResourcesProperties('AWS::ECS::TaskDefinition', {
      ContainerDefinitions: [{ Environment: Match.arrayWith([{ Name: 'SCANFLEET_WORKER_SLOTS', Value: '5' }]) }],
    });
    changed.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: { CALLER_SETTINGS: '{"tenants":[],"admins":[{"account":"111122223333","name":"Admin"}]}' },
      },
    });
  });
});
