// Opens a folder in VS Code with the extension, and tests in its extension host, and waits for their end.
// Arguments: the port of the server, the folder or workspace, the extension's folder, seconds until it gives up.
const { withPage } = require("./browser.js");

const [port, opened, extension, seconds] = process.argv.slice(2);

withPage({ width: 1280, height: 800 }, async (page) => {
  let finish;
  const ended = new Promise((resolve) => (finish = resolve));
  // The workbench calls these two when it was started with --enable-smoke-test-driver.
  await page.exposeFunction("codeAutomationLog", (_type, args) => console.log(...args));
  await page.exposeFunction("codeAutomationExit", (code) => finish(code));
  const remote = `vscode-remote://127.0.0.1:${port}`;
  const payload = [
    ["extensionDevelopmentPath", remote + extension], ["extensionTestsPath", `${remote}${__dirname}/host/index.js`], ["skipWelcome", "true"],
  ];
  const kind = opened.endsWith(".code-workspace") ? "workspace" : "folder";
  await page.goto(`http://127.0.0.1:${port}/?${kind}=${encodeURIComponent(opened)}&payload=${encodeURIComponent(JSON.stringify(payload))}`);
  const timer = setTimeout(() => finish("timeout"), Number(seconds) * 1000);
  const code = await ended;
  clearTimeout(timer);
  console.log(`the extension host ended: ${code}`);
  return code === 0 ? 0 : 1;
});
