// A walk through the page with real clicks. Prints one JSON line with what it saw.
// node walk.mjs CHROMIUM PLAYWRIGHT_CORE PAGE_URL FOLDER TICKER TICKER TICKER
import { createRequire } from 'node:module';

const [, , chromium, core, url, folder, ...tickers] = process.argv;
const { chromium: browserType } = createRequire(import.meta.url)(core);
const seen = {};

const browser = await browserType.launch({ executablePath: chromium, args: ['--no-sandbox'] });
const context = await browser.newContext({ viewport: { width: 1600, height: 1000 } });
const page = await context.newPage();
page.setDefaultTimeout(30_000);
const complaints = [];
page.on('pageerror', (error) => complaints.push(String(error)));

async function ask(query, variables = {}) {
  const answer = await context.request.post(`${url}/graphql`, { data: { query, variables } });
  return (await answer.json()).data;
}

async function until(what, check, seconds = 150) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await page.waitForTimeout(500);
  }
}

async function newestBackfill(count) {
  const { partitionBackfillsOrError } = await ask(
    '{partitionBackfillsOrError(limit:20){...on PartitionBackfills{results{id status runs(limit:20){runId status}}}}}',
  );
  const found = partitionBackfillsOrError.results;
  return found.length >= count && /COMPLETED|FAILED|CANCELED/.test(found[0].status) ? found[0] : null;
}

async function launchFromJob(job, choose) {
  await page.goto(`${url}/locations/btassets.definitions/jobs/${job}`, { waitUntil: 'domcontentloaded' });
  await page.getByRole('button', { name: /Materialize all/ }).first().click();
  const dialog = page.getByRole('dialog').last();
  await choose(dialog);
  await page.screenshot({ path: `${folder}/launch-${job}.png` });
  await page.getByRole('button', { name: 'Launch backfill' }).click();
}

// The lineage: every group in flow order.
await page.goto(`${url}/asset-groups`, { waitUntil: 'domcontentloaded' });
await page.getByText('bars').first().waitFor();
seen.groups = await page.evaluate(() => [...new Set(document.body.innerText.match(/\b\d_[a-z]+/g))].sort());
await page.waitForTimeout(2_000);
await page.screenshot({ path: `${folder}/lineage.png` });

// Three tickers.
await launchFromJob('replay', async () => {
  await page.getByText('Select a partition or create one').click();
  for (const ticker of tickers) {
    await page.getByRole('menuitem').filter({ hasText: ticker }).last().click();
  }
  await page.keyboard.press('Escape');
});
seen.three = (await until('three tickers', () => newestBackfill(1))).status;
await page.goto(`${url}/assets/candidates?view=partitions`, { waitUntil: 'domcontentloaded' });
await page.getByText(tickers[0]).first().waitFor();
await page.waitForTimeout(2_000);
await page.screenshot({ path: `${folder}/partitions.png` });
seen.partitions = await page.evaluate(() => document.body.innerText);

// The whole job.
await launchFromJob('everything', async () => {
  await page.getByRole('button', { name: 'All', exact: true }).click();
});
const whole = await until('whole job', () => newestBackfill(2));
seen.whole = whole.status;
seen.runs = whole.runs.map((run) => run.status);
let longest = { n: 0 };
for (const { runId } of whole.runs) {
  const { runOrError } = await ask('query($r:ID!){runOrError(runId:$r){...on Run{stepStats{stepKey}}}}', { r: runId });
  if (runOrError.stepStats.length > longest.n) longest = { n: runOrError.stepStats.length, runId };
}
await page.goto(`${url}/runs/${longest.runId}`, { waitUntil: 'domcontentloaded' });
await page.waitForTimeout(4_000);
await page.screenshot({ path: `${folder}/run.png` });

const { assetNodeOrError } = await ask(
  '{assetNodeOrError(assetKey:{path:["candidates"]}){...on AssetNode{partitionKeys}}}',
);
const keys = assetNodeOrError.partitionKeys;

// The same run in a process per step, by its timeline alone: shards side by side.
const { launchRun } = await ask(
  'mutation($p:ExecutionParams!){launchRun(executionParams:$p){__typename ...on LaunchRunSuccess{run{runId}}}}',
  {
    p: {
      selector: {
        repositoryLocationName: 'btassets.definitions', repositoryName: '__repository__', jobName: 'everything',
      },
      runConfigData: { execution: { config: { kind: 'multiprocess' } } },
      executionMetadata: {
        tags: [
          { key: 'dagster/asset_partition_range_start', value: keys[0] },
          { key: 'dagster/asset_partition_range_end', value: keys.at(-1) },
        ],
      },
      mode: 'default',
    },
  },
);
seen.processes = await until('run in processes', async () => {
  const { runOrError } = await ask('query($r:ID!){runOrError(runId:$r){...on Run{status}}}', { r: launchRun.run.runId });
  return /SUCCESS|FAILURE|CANCELED/.test(runOrError.status) ? runOrError.status : null;
});
await page.goto(`${url}/runs/${launchRun.run.runId}`, { waitUntil: 'domcontentloaded' });
await page.getByText('Re-execute').first().waitFor();
await page.waitForTimeout(3_000);
const again = await page.getByRole('button', { name: /Re-execute/ }).first().boundingBox();
await page.mouse.click(again.x - 28, again.y + again.height / 2); // the button beside it gives the timeline the page
await page.waitForTimeout(2_000);
await page.screenshot({ path: `${folder}/timeline.png` });
seen.timeline = await page.evaluate(() => document.body.innerText);

// An asset's page: numbers, a table, a sparkline.
await page.goto(`${url}/assets/portfolio_sims`, { waitUntil: 'domcontentloaded' });
await page.getByText('Metadata').first().waitFor();
await page.waitForTimeout(3_000);
await page.locator('img[src^="data:image/svg+xml"]').first().scrollIntoViewIfNeeded();
await page.screenshot({ path: `${folder}/asset.png` });
seen.images = await page.evaluate(
  () => [...document.querySelectorAll('img[src^="data:image/svg+xml"]')].map((image) => image.naturalWidth),
);
seen.asset = await page.evaluate(() => document.body.innerText);

// From the report's asset to the report.
await page.goto(`${url}/assets/backtest_report`, { waitUntil: 'domcontentloaded' });
const link = page.locator('a[href*="latest/report.html"]').first();
await link.waitFor();
await page.screenshot({ path: `${folder}/report-asset.png` });
const opening = context.waitForEvent('page');
await link.click();
const report = await opening;
await report.waitForLoadState();
seen.report = { url: report.url(), title: await report.title(), tiles: await report.locator('.tile .value').count() };
await report.screenshot({ path: `${folder}/report.png` });

await browser.close();
console.log(JSON.stringify({ ...seen, complaints }));
