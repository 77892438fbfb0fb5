// Each command of the palette where it has nothing to work on: it says what is missing, and no command fails.
// Arguments: the port, a project's folder, a rule file that lies in no folder, and a folder for screenshots.
const assert = require("node:assert/strict");
const path = require("node:path");
const { withPage } = require("./browser.js");
const manifest = require("../../../editors/vscode/package.json");

const [port, folder, outside, shots] = process.argv.slice(2);
const PATIENCE = 1000 * Number(process.env.DRIVEN_HOST_PATIENCE || 45);
const NO_FILE = { toast: /Open the file that this is about/ };
const NO_FOLDER = { toast: /AGENTS\.md` is in no folder that is open; open the project's folder/ };
const NO_PROJECT = { toast: /No project is open\. Open its folder/ };
const OPEN_FIRST = { toast: /Open the project's folder first/ };
const TRUST_FIRST = { toast: /trust/ };
const ABOUT_A_FILE = ["explain", "openEmitted", "openRule", "compareSides", "takeRule", "takeEdited", "adopt", "fixAll"];
const ALWAYS = {
  resolveConflicts: { toast: /no file is in conflict/ },
  restart: { status: /driven/ },
  showLog: { panel: /driven\s\d/ },
  debugInfo: { tab: "driven.json" },
  walkthrough: { tab: "Welcome" },
  installHelp: { tab: "Preview install.md" },
  choosePath: { pick: /Use This Program|OK|\// },
};

withPage({ width: 1240, height: 780 }, async (page) => {
  page.setDefaultTimeout(PATIENCE);
  const widget = page.locator(".quick-input-widget");
  const toast = page.locator(".notification-toast");
  // The page is there, and not only its tab.
  const help = () => page.frameLocator("iframe.webview").frameLocator("iframe#active-frame").getByText("Python 3.11").first().waitFor();
  const close = async () => {
    await page.keyboard.press("Escape");
    await widget.waitFor({ state: "hidden" });
  };
  const command = async (title) => {
    const row = widget.locator(".monaco-list-row", { hasText: title.replace(/^.*?: /, "") }).first();
    // A window that has just opened does not know the commands of its extensions yet, nor does a list that it shows.
    for (let left = 10; ; left -= 1) {
      await page.keyboard.press("F1");
      const ask = async (timeout) => {
        await widget.locator("input").first().fill(`>${title}`, { timeout });
        await row.click({ timeout }); // what opens beside it may take the list away meanwhile
      };
      if (await ask(left ? 3000 : PATIENCE).then(() => true, (error) => { if (!left) throw error; })) break;
      await close();
    }
  };

  const every = async (where, expected) => {
    for (const { title, category, command: id } of manifest.contributes.commands) {
      const name = id.split(".").at(-1);
      if (name === "refresh") continue; // only in the view
      const wanted = { ...(expected[name] ?? ALWAYS[name]), ...(name === "installHelp" ? { then: help } : {}) };
      assert.ok(Object.keys(wanted).length, `${where}: what does ${name} do?`);
      await command(`${category}: ${title}`);
      const seen = wanted.toast ? toast.filter({ hasText: wanted.toast })
        : wanted.pick ? widget.filter({ hasText: wanted.pick })
        : wanted.tab ? page.locator(`.tab.active[data-resource-name="${wanted.tab}"], .tab.active[aria-label^="${wanted.tab}"]`)
        : wanted.panel ? page.locator(".panel .view-line", { hasText: wanted.panel })
        : page.locator(".statusbar-item", { hasText: wanted.status });
      await seen.first().waitFor().catch(async (error) => {
        throw new Error(`${where}: ${name}: ${JSON.stringify(wanted, (_key, value) => (value instanceof RegExp ? String(value) : value))} did not come; `
          + `there were ${JSON.stringify(await page.locator(".notification-toast, .tab, .statusbar-item").allInnerTexts())}`, { cause: error });
      });
      for (const text of await toast.allInnerTexts()) assert.doesNotMatch(text, /file:\/\/|Error|undefined|not found|TypeError/, `${where}: ${name}`);
      if (wanted.pick) await close();
      if (wanted.then) await wanted.then();
      if (wanted.toast) {
        await command("Notifications: Clear All Notifications");
        await toast.first().waitFor({ state: "hidden" });
      }
      console.log(`${where}: ${name}`);
    }
    await page.screenshot({ path: path.join(shots, `vscode-${where}.png`) });
  };
  const aboutAFile = (answer) => Object.fromEntries(ABOUT_A_FILE.map((name) => [name, answer]));

  // The walkthrough's first step is done, since the program runs; the others are not.
  const steps = async () => {
    const step = (name) => page.locator(`.getting-started-step [data-done-step-id$="#${name}"]`);
    await page.locator('.getting-started-step [data-done-step-id$="#install"][aria-checked="true"]').waitFor();
    for (const name of ["init", "rule", "see"]) assert.equal(await step(name).getAttribute("aria-checked"), "false", name);
    await page.screenshot({ path: path.join(shots, "vscode-first-step.png") });
  };

  try {
    await page.goto(`http://127.0.0.1:${port}/?ew=true`);
    await page.locator(".monaco-workbench").waitFor();
    // The very first command starts the extension, and waits for the server.
    await every("nothing-open", {
      ...aboutAFile(NO_FILE), sync: { toast: /no folder that is open has a `\.driven`/ }, newRule: NO_PROJECT, init: OPEN_FIRST,
      actions: { pick: /Restart language server/ }, walkthrough: { tab: "Welcome", then: steps },
    });

    const file = [["openFile", `vscode-remote://127.0.0.1:${port}${outside}`]];
    await page.goto(`http://127.0.0.1:${port}/?ew=true&payload=${encodeURIComponent(JSON.stringify(file))}`);
    await page.locator('.tab.active[data-resource-name="AGENTS.md"]').waitFor();
    await every("file-of-no-folder", {
      ...aboutAFile(NO_FOLDER), sync: { toast: /no folder that is open has a `\.driven`/ }, newRule: NO_PROJECT, init: OPEN_FIRST,
      actions: { pick: /Explain which rules hold/ },
    });

    await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}`);
    await page.locator(".statusbar-item", { hasText: /driven: restricted/ }).first().waitFor();
    await every("not-trusted", {
      ...aboutAFile(NO_FILE), sync: TRUST_FIRST, newRule: TRUST_FIRST, init: TRUST_FIRST, actions: { pick: /Trust this folder/ },
      restart: { status: /driven: restricted/ },
    });
    return 0;
  } catch (error) {
    await page.screenshot({ path: path.join(shots, "vscode-failed.png") });
    throw error;
  }
});
