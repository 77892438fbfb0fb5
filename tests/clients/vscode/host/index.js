// Runs the tests of a folder in the extension host, one after another, and writes what came of each to a file.
const fs = require("node:fs");
const path = require("node:path");

exports.run = async () => {
  const results = [];
  const { DRIVEN_HOST_ONLY: only, DRIVEN_HOST_TESTS: folder } = process.env;
  for (const name of fs.readdirSync(folder).filter((file) => file.endsWith(".test.js")).sort()) {
    for (const [what, test] of Object.entries(require(path.join(folder, name)))) {
      if (only && !new RegExp(only).test(what)) continue;
      const began = Date.now();
      let error = "";
      try {
        await test();
      } catch (caught) {
        error = caught.stack || String(caught);
      }
      results.push({ test: `${name}: ${what}`, error, seconds: (Date.now() - began) / 1000 });
      console.log(`${error ? "FAIL" : "ok  "} ${what} (${Date.now() - began} ms) ${error}`);
      fs.writeFileSync(process.env.DRIVEN_RESULTS, JSON.stringify(results));
    }
  }
  if (results.some((result) => result.error)) throw new Error("some tests failed");
};
