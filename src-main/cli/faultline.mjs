#!/usr/bin/env node
// `npx faultline …` from a checkout: brings the build up to date, then hands over to the built command line.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buildIfStale, projectRoot } from '../build-if-stale.mjs';

const internalError = 70;

try {
  await buildIfStale();
} catch (error) {
  console.error(`faultline: ${error.message}`);
  process.exit(internalError);
}
createRequire(import.meta.url)(join(projectRoot, 'out/main/cli.cjs'));
