// The frames of a film, out of the real editor: a rule is edited and saved, an editor's file follows; and the other way.
// Arguments: the port, the project's folder, a folder for the frames. A frame's name says its number and how long it
// stays, in hundredths of a second: `07-120.png`.
const path = require("node:path");
const { withPage } = require("./browser.js");

const [port, folder, frames] = process.argv.slice(2);
const PATIENCE = 1000 * Number(process.env.DRIVEN_HOST_PATIENCE || 45);

withPage({ width: 1120, height: 440 }, async (page) => {
  page.setDefaultTimeout(PATIENCE);
  let taken = 0;
  const frame = async (stays) => {
    await page.screenshot({ path: path.join(frames, `${String((taken += 1)).padStart(2, "0")}-${stays}.png`) });
  };
  const widget = page.locator(".quick-input-widget");
  const choose = async (text, row, key) => {
    await page.keyboard.press("F1");
    await widget.locator("input").first().fill(text);
    await widget.locator(".monaco-list-row.focused", { hasText: row }).first().waitFor();
    await page.keyboard.press(key);
    await widget.waitFor({ state: "hidden" });
  };
  const open = async (name, key = "Enter") => {
    await choose(name, path.basename(name), key);
    await page.locator(`.editor-group-container.active .title :text-is("${path.basename(name)}")`).first().waitFor();
  };
  const group = (at) => page.locator(".editor-group-container").nth(at);
  const line = (at, text) => group(at).locator(".view-line", { hasText: text }).first();
  /** Writes as a person does, with a frame for every few letters. */
  const write = async (text) => {
    for (let at = 0; at < text.length; at += 3) {
      await page.keyboard.type(text.slice(at, at + 3));
      await frame(9);
    }
  };
  const toEndOf = async (at, text) => {
    await line(at, text).click();
    await page.keyboard.press("End");
  };
  const cursor = page.locator(".pane .monaco-list-row", { hasText: /^Cursor/ }).first();
  /** Saves, and waits until the file on the other side, and the tree, show what came of it. */
  const save = async (other, text) => {
    await frame(60);
    const before = await cursor.innerText();
    await page.keyboard.press("Control+S");
    await line(other, text).waitFor();
    for (const end = Date.now() + PATIENCE; (await cursor.innerText()) === before; await page.waitForTimeout(50)) {
      if (Date.now() > end) throw new Error(`the tree still says ${before}`);
    }
    await tick();
    await still();
  };
  const tick = () => page.locator(".statusbar-item", { hasText: /^\s?driven$/ }).first().waitFor();
  /** Nothing is under way, and each file that is open has its lenses. */
  const still = async () => {
    await page.waitForFunction(() => !document.querySelector(".monaco-progress-container.active, .codicon-modifier-spin")
      && !document.querySelector(".part.statusbar").textContent.includes("Activating")
      && document.querySelectorAll(".editor-group-container .codelens-decoration").length >= 2);
  };

  await page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(folder)}`);
  await page.locator(".statusbar-item", { hasText: /driven/ }).first().waitFor();
  await choose(">Driven: Focus on Rules by Editor View", "Focus on Rules by Editor View", "Enter");
  await page.locator(".pane .monaco-list-row", { hasText: "Cursor" }).first().click();
  await open(".driven/rules/api.md");
  await open(".cursor/rules/api.mdc", "Control+Enter"); // beside it
  await page.locator(".pane-header", { hasText: "Rules That Apply Here" }).click();
  await line(1, "Every route").waitFor();
  await toEndOf(0, "Every route");
  await tick();
  await still();
  await frame(150);

  // A rule is edited; saving it writes Cursor's file, and every other editor's.
  await write("\n- Errors are problem+json.");
  await save(1, "Errors are problem+json.");
  await frame(250);

  // Cursor's file is edited; saving it changes the rule.
  await toEndOf(1, "Errors are problem+json.");
  await frame(60);
  await write("\n- Times are UTC.");
  await save(0, "Times are UTC.");

  // And so does Claude Code's.
  await open(".claude/rules/api.md");
  await line(1, "Times are UTC.").waitFor();
  await tick();
  await still();
  await frame(300);
  return 0;
});
