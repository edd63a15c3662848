/**
 * The HTTP API as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1.html), made from the table of routes and nothing else. Its
 * schemas are JSON Schema 2020-12 of what goes over the wire: requests before defaults and canonical forms, responses as sent.
 */
import * as z from 'zod';
import { HEADERS, SERVICE } from '../names.ts';
import { CONTENT_TYPES } from '../report/format.ts';
import { SCANNERS } from '../scanner/index.ts';
import { JobView } from './job.ts';
import { PROBLEM_CONTENT_TYPE, Problem } from './problem.ts';
import type { Route } from './route.ts';
import { type RouteName, routes } from './routes.ts';
import { IdempotencyKey } from './submit-job.ts';

type Json = { readonly [key: string]: unknown };
/** The schemas that have names, collected while the document is made. */
type Named = Map<string, unknown>;

/** API Gateway's own exports write the scheme so: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authtype.html */
const SIGV4 = { type: 'apiKey', name: 'Authorization', in: 'header', 'x-amazon-apigateway-authtype': 'awsSigv4' };

const SERVER = {
  url: 'https://{apiId}.execute-api.{region}.amazonaws.com/{stage}',
  variables: { apiId: { default: 'API_ID' }, region: { default: 'us-east-1' }, stage: { default: 'prod' } },
};

export function openApiDocument(version: string): Json {
  const schemas: Named = new Map();
  const paths: Record<string, Json> = {};
  for (const name of Object.keys(routes) as RouteName[]) {
    const { path, method } = routes[name];
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation(name, routes[name], schemas) };
  }
  const problem = { [PROBLEM_CONTENT_TYPE]: { schema: schemaOf(Problem, schemas) } };
  addScanners(schemas);
  return {
    openapi: '3.1.1',
    info: { title: SERVICE, version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [SERVER],
    security: [{ sigv4: [] }],
    paths,
    components: {
      securitySchemes: { sigv4: SIGV4 },
      responses: { Problem: { description: 'What was wrong, and in which field', content: problem } },
      schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

/** Each scanner with its own options: the contract alone only says that there are some. */
function addScanners(schemas: Named): void {
  const requests = [...SCANNERS.values()].map(({ name, title, options }) => {
    schemas.set(`${name}-options`, { title, ...schemaOf(options, schemas) });
    const properties = { name: { const: name }, options: { $ref: `#/components/schemas/${name}-options` } };
    return { type: 'object', properties, required: ['name'], additionalProperties: false };
  });
  schemas.set('ScannerRequest', { oneOf: requests });
}

function operation(name: RouteName, route: Route, schemas: Named): Json {
  const { summary, request, responses, callers } = route;
  return {
    operationId: name,
    summary: callers === 'admins' ? `${summary} (admins)` : summary,
    parameters: [
      ...parameters('path', request.path, schemas),
      ...parameters('query', request.query, schemas),
      ...(name === 'submitJob' ? [idempotencyKey(schemas)] : []),
      ...(name === 'watchJob' ? [LAST_EVENT_ID] : []),
    ],
    ...requestBody(request.body, schemas),
    responses: {
      ...Object.fromEntries(Object.entries(responses).map(([status, body]) => [status, response(name, body, schemas)])),
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

const Properties = z.object({
  properties: z.record(z.string(), z.looseObject({ description: z.string().optional() })).default({}),
  required: z.array(z.string()).default([]),
});

function parameters(place: 'path' | 'query', schema: z.ZodType, schemas: Named): Json[] {
  const { properties, required } = Properties.parse(schemaOf(schema, schemas));
  return Object.entries(properties).map(([name, { description, ...type }]) => ({
    name,
    in: place,
    ...(description === undefined ? {} : { description }),
    required: required.includes(name),
    schema: type,
  }));
}

/** A header, of which a route's row says nothing. */
const idempotencyKey = (schemas: Named): Json => ({
  name: HEADERS.idempotencyKey,
  in: 'header',
  description: 'The same key and request never make a second job: the first answer is repeated, with 200',
  required: false,
  schema: schemaOf(IdempotencyKey, schemas),
});

const LAST_EVENT_ID = {
  name: HEADERS.lastEventId,
  in: 'header',
  description: 'The id of the last event received: the state it stands for is not sent again',
  required: false,
  schema: { type: 'string' },
};

/** None where the schema lets nothing be sent but an empty object. */
function requestBody(schema: z.ZodType, schemas: Named): Json {
  const content = schemaOf(schema, schemas);
  const isEmpty = !('$ref' in content) && Object.keys(Properties.parse(content).properties).length === 0;
  if (isEmpty) return {};
  return { requestBody: { required: !('default' in content), content: { 'application/json': { schema: content } } } };
}

function response(name: RouteName, schema: z.ZodType | undefined, schemas: Named): Json {
  if (schema instanceof z.ZodUndefined) return { description: 'Done' };
  if (schema !== undefined)
    return { description: 'Done', content: { 'application/json': { schema: schemaOf(schema, schemas) } } };
  return name === 'watchJob' ? eventStream(schemas) : REPORT;
}

const REPORT = {
  description: 'The report, streamed',
  headers: { [HEADERS.findings]: { description: 'How many findings it holds', schema: { type: 'integer' } } },
  content: Object.fromEntries(Object.values(CONTENT_TYPES).map((type) => [type, {}])),
};

/** OpenAPI 3.1 has no words for the parts of a stream: the schema is that of an event's data. */
const eventStream = (schemas: Named): Json => ({
  description:
    'Server-sent events: `job` at each change and `end` at the last, each with the whole job as its data. The id stands for that state.',
  content: { 'text/event-stream': { schema: schemaOf(JobView, schemas) } },
});

/** A schema as JSON Schema; those with names go to `schemas` and are referred to. */
function schemaOf(schema: z.ZodType, schemas: Named): Json {
  const {
    $schema: _,
    $defs = {},
    ...root
  } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override({ jsonSchema }) {
      // Says no more than the format, in 200 characters.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    },
  });
  for (const [name, definition] of Object.entries($defs)) schemas.set(name, moved(definition));
  return record(root);
}

/** References among named schemas as OpenAPI has them. */
const moved = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(moved);
  return typeof value === 'object' && value !== null ? record(value) : value;
};

const record = (value: object): Json =>
  Object.fromEntries(
    Object.entries(value).map(([key, part]) =>
      key === '$ref' ? [key, String(part).replace('#/$defs/', '#/components/schemas/')] : [key, moved(part)],
    ),
  );
