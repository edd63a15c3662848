/**
 * What the functions' bundles have in place of the SDK's chain of credential providers (esbuild's `alias` in infra/constructs/node-function.ts):
 * Lambda hands a function its credentials in its environment and nowhere else (Lambda developer guide, "Defined runtime environment
 * variables"). The chain's other links, never asked there, are a fifth of a cold start.
 */
export { fromEnv as defaultProvider } from '@aws-sdk/credential-providers';
