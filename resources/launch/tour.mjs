/** `npm run tour`: the main job in the real app without a person; pictures and report.json in out/tour/. */
import { fileURLToPath } from 'node:url';
import { main, rootFolder, say } from './console.mjs';
import { withDisplay } from './display.mjs';
import { prepare } from './prepare.mjs';
import { loadScript } from './script.mjs';

await main(async () => {
  const executable = await prepare({ display: true });
  return withDisplay(async (env) => {
    Object.assign(process.env, env, { SHARDBOARD_TEST_RUNTIME: executable });
    const { tour } = await loadScript('test/e2e/tour.ts');
    const report = await tour({ folder: fileURLToPath(new URL('out/tour/', rootFolder)), say });
    return report.steps.every((step) => step.outcome === 'passed') ? 0 : 1;
  });
});
