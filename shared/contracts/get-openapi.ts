/** GET /openapi.json: this API, described. */
import * as z from 'zod';
import { noBody, none, route } from './route.ts';

export const getOpenapiRoute = route({
  method: 'GET',
  path: '/openapi.json',
  function: 'get-openapi',
  summary: 'This API as an OpenAPI document',
  request: { path: none, query: none, body: noBody },
  responses: { 200: z.looseObject({ openapi: z.string() }) },
  streaming: false,
  callers: 'any',
});
