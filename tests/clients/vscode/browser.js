// Opens chromium on a page of a local server, as quiet as it can be had; ends it whatever happens.
const { chromium } = require("playwright-core"); // found by NODE_PATH

const QUIET = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
];

/** Runs `use(page)`; its answer is the process's exit code, an error is told on stderr. */
async function withPage(viewport, use) {
  const browser = await chromium.launch({ executablePath: process.env.DRIVEN_CHROMIUM || "/usr/bin/chromium", args: QUIET });
  let code = 1;
  try {
    const page = await browser.newPage({ viewport });
    code = await use(page);
  } catch (error) {
    console.error(error.stack || String(error));
  } finally {
    await browser.close();
  }
  process.exitCode = code;
}

module.exports = { withPage };
