// One session as a person has it, through the page of code-server: from a folder that is not trusted to a resolved conflict.
// Arguments: the port, the project's folder, a folder for screenshots, and the file that the folder's own program makes.
const fs = require("node:fs");
const path = require("node:path");
const assert = require("node:assert/strict");
const { withPage } = require("./browser.js");

const [port, folder, shots, marker] = process.argv.slice(2);
const PATIENCE = 1000 * Number(process.env.DRIVEN_HOST_PATIENCE || 45);
const began = Date.now();

withPage({ width: 1240, height: 780 }, async (page) => {
  page.setDefaultTimeout(PATIENCE);
  const step = (what) => console.log(`${((Date.now() - began) / 1000).toFixed(1)} s  ${what}`);
  const shot = async (name) => {
    await page.mouse.move(900, 690); // away from what shows a tip
    // What fades in has to be there.
    await page.waitForFunction(() => [...document.querySelectorAll(".monaco-hover, .workbench-hover, .notification-toast")]
      .every((one) => !one.checkVisibility() || (one.getAnimations({ subtree: true }).length === 0 && getComputedStyle(one).opacity === "1")));
    await page.screenshot({ path: path.join(shots, `vscode-${name}.png`) });
    step(`picture ${name}`);
  };
  const status = (text) => page.locator(".statusbar-item", { hasText: text }).first().waitFor();
  const command = async (title) => {
    await page.keyboard.press("F1");
    const input = page.locator(".quick-input-widget input");
    await input.waitFor();
    await input.fill(`>${title}`);
    await page.locator(".quick-input-list .monaco-list-row", { hasText: title.replace(/^.*: /, "") }).first().click();
  };
  const open = async (name) => {
    await page.keyboard.press("Control+P");
    const input = page.locator(".quick-input-widget input");
    await input.waitFor();
    await input.fill(name);
    await page.locator(".quick-input-list .monaco-list-row", { hasText: path.basename(name) }).first().click();
    await page.locator(`.tab.active[data-resource-name="${path.basename(name)}"]`).waitFor();
  };
  const place = async (line, column) => {
    await page.keyboard.press("Control+G");
    await page.locator(".quick-input-widget input").fill(`:${line}:${column}`);
    await page.keyboard.press("Enter");
    await page.locator(".quick-input-widget").waitFor({ state: "hidden" });
    await page.locator(".editor-instance .monaco-editor.focused").first().waitFor();
  };

  try {
    await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}`);
    await page.locator(".monaco-workbench").waitFor();

    // A folder that nobody has vouched for: the server runs, and is told so.
    await status(/driven: restricted/);
    assert.ok(!fs.existsSync(marker), "the program that the folder names was not started");
    step("restricted");
    await command("Driven: Sync All Editors' Files");
    await page.locator(".notification-toast", { hasText: /trust/i }).first().waitFor();
    await shot("restricted");
    await command("Notifications: Clear All Notifications");
    await command("Workspaces: Manage Workspace Trust");
    await page.getByRole("button", { name: /^Trust$/ }).first().click();
    await page.locator(".statusbar-item", { hasText: /driven: restricted/ }).waitFor({ state: "hidden" });
    await command("View: Close All Editors");
    assert.ok(fs.existsSync(marker), "the program that a trusted folder names is started");
    step("trusted");

    // A problem, in the text and in its panel.
    await open(".driven/rules/broken.md");
    await page.locator(".squiggly-error, .squiggly-warning").first().waitFor();
    await page.keyboard.press("Control+Shift+M");
    await page.locator(".markers-panel", { hasText: "prioritty" }).waitFor();
    await page.locator(".codelens-decoration", { hasText: "held back by a mistake in line 3" }).waitFor();
    await page.locator(".statusbar-item", { hasText: /Activating/ }).waitFor({ state: "hidden" });
    await shot("problem");

    // Completion of a key; then the fix, by the light bulb's own key.
    await place(3, 99);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Control+Space");
    await page.locator(".suggest-widget.visible .monaco-list-row", { hasText: "paths" }).first().waitFor();
    await shot("completion");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Backspace");
    await place(3, 3);
    await page.locator(".squiggly-error, .squiggly-warning").first().waitFor();
    // Just after an edit there may be no fix yet: then the list is empty, and is asked for again.
    const fix = page.locator(".action-widget .monaco-list-row", { hasText: "priority" }).first();
    for (let left = 10; ; left -= 1) {
      await page.keyboard.press("Control+.");
      if (await fix.waitFor({ timeout: left ? 4000 : PATIENCE }).then(() => true, (error) => { if (!left) throw error; })) break;
      await page.keyboard.press("Escape");
    }
    await shot("fix");
    await page.keyboard.press("Enter");
    await page.locator(".squiggly-error, .squiggly-warning").first().waitFor({ state: "hidden" });
    await page.keyboard.press("Control+S");
    await status(/^ ?driven$/);
    await page.keyboard.press("Control+J");
    step("fixed and saved");

    // What a glob matches; both trees beside it.
    await open("src/api/orders.ts");
    await command("Driven: Focus on Rules by Editor View");
    const tree = (label) => page.locator(".pane .monaco-list-row", { hasText: label });
    await tree("Cursor").first().waitFor();
    await page.locator(".pane", { hasText: "Rules That Apply Here" }).locator(".monaco-list-row", { hasText: "src/api" }).first().waitFor();
    await tree("Cursor").first().click();
    await tree("api.mdc").first().waitFor();
    await shot("trees");
    await open(".driven/rules/api.md");
    await page.locator(".codelens-decoration").first().waitFor();
    await place(3, 14);
    await command("Show or Focus Hover");
    await page.locator(".monaco-hover", { hasText: "2 files" }).first().waitFor();
    await shot("hover");
    await page.keyboard.press("Escape");

    // A binary file of rules.
    await open("rules.drv");
    await page.mouse.move(200, 20); // or the tip of a tab stays over it
    const frame = page.frameLocator("iframe.webview").frameLocator("iframe#active-frame");
    await frame.locator(".rule").first().waitFor();
    await frame.locator("#filter").fill("http");
    await frame.locator("#count", { hasText: "1 of 2" }).waitFor();
    await frame.locator(".rule:not(.hidden) summary").first().click();
    await shot("drv");
    await command("View: Close All Editors");

    // Two edits of one line, from outside: the person sees both and decides.
    const rule = path.join(folder, ".driven/rules/api.md");
    const file = path.join(folder, ".cursor/rules/api.mdc");
    const line = /^Handlers answer.*$/m;
    fs.writeFileSync(rule, fs.readFileSync(rule, "utf8").replace(line, "Handlers answer JSON, errors as `application/problem+json`."));
    fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(line, "Handlers answer JSON, and never a stack trace."));
    await command("Driven: Sync All Editors' Files");
    await status(/driven: 1 conflict/);
    await page.locator(".notification-toast", { hasText: "in conflict" }).first().waitFor();
    await tree("conflict").first().waitFor();
    await shot("conflict");
    await command("Notifications: Clear All Notifications");
    await open(".cursor/rules/api.mdc");
    await page.locator('.editor-actions [aria-label^="Compare Both Sides"]').first().click();
    await page.locator(".tab.active", { hasText: "the rule's side" }).waitFor();
    await page.locator(".diff-editor, .monaco-diff-editor").first().waitFor();
    await page.locator(".view-line", { hasText: "stack trace" }).first().waitFor();
    await page.locator(".view-line", { hasText: "problem+json" }).first().waitFor();
    await shot("sides");
    await page.locator('.editor-actions [aria-label^="Take the Edited File"]').first().click();
    await status(/^ ?driven$/);
    assert.match(fs.readFileSync(rule, "utf8"), /never a stack trace/);
    step("resolved");

    // What the status bar offers, and the walkthrough.
    await page.locator(".statusbar-item", { hasText: /^ ?driven$/ }).click();
    await page.locator(".quick-input-list .monaco-list-row", { hasText: "Explain" }).first().waitFor();
    await shot("actions");
    await page.keyboard.press("Escape");
    await command("View: Close All Editors");
    await command("Driven: Open Walkthrough");
    await page.getByText("Write a rule, save it").first().click();
    await page.getByText("completes keys, globs and rule names").first().waitFor();
    // All of it was done above, the most before VS Code knew of the walkthrough: each step is ticked.
    for (const name of ["install", "init", "rule", "see"]) {
      await page.locator(`.getting-started-step [data-done-step-id$="#${name}"][aria-checked="true"]`).waitFor();
    }
    await shot("walkthrough");

    // Whatever a person calls a new rule, the server makes an id of it.
    await command("Driven: New Rule");
    await page.locator(".quick-input-widget", { hasText: "Its name" }).waitFor();
    await page.locator(".quick-input-widget input").fill("My Rule");
    await page.keyboard.press("Enter");
    await page.locator('.tab.active[data-resource-name="my-rule.md"]').waitFor();
    step("a new rule");
    return 0;
  } catch (error) {
    await shot("failed");
    const seen = await page.locator(".statusbar-item, .notification-toast").allInnerTexts();
    console.error(`seen: ${JSON.stringify(seen.filter(Boolean))}`);
    throw error;
  }
});
