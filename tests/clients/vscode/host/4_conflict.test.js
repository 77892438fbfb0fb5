// Two edits of one line: both sides are shown, and the person decides.
const { assert, driven, file, read, save, setting, until, vscode, write } = require("./kit.js");

const RULE = ".driven/rules/api.md";
const FILE = ".cursor/rules/api.mdc";
const LINE = /^Handlers answer.*$/m;

async function quarrel(rule, edited) {
  await vscode.workspace.saveAll(false);
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  await vscode.commands.executeCommand("driven.sync", {});
  write(RULE, read(RULE).replace(LINE, rule));
  write(FILE, read(FILE).replace(LINE, edited));
  // VS Code keeps a document for a while after its tab was closed, and reloads it when it sees the change.
  for (const name of [RULE, FILE]) {
    await until(`${name} as on disk`, () => vscode.workspace.textDocuments.every((one) => one.uri.path !== file(name).path || one.getText() === read(name)));
  }
  const answer = await vscode.commands.executeCommand("driven.sync", {});
  assert.deepEqual(answer.conflicts, [FILE], JSON.stringify(answer));
  await until("the conflict in the status bar", () => driven().statusBar.text.includes("1 conflict"));
  await until("the conflict in the tree", () => driven().model.conflicts.length === 1);
}

/** What is known when a condition does not come. */
async function known() {
  const [asked] = (await driven().server.ask("driven/tree", {})).roots;
  const files = asked.editors.flatMap((editor) => editor.files.filter((one) => one.state !== "same").map((one) => `${one.path}: ${one.state}`));
  return JSON.stringify({ status: driven().model.status, shown: driven().statusBar.text, conflicts: driven().model.conflicts, asked: files });
}

module.exports = {
  "a conflict shows both sides": async () => {
    await quarrel("Handlers answer XML.", "Handlers answer CSV.");
    const sides = await vscode.commands.executeCommand("driven.client.compareSides", file(FILE));
    assert.match(sides.rule, /answer XML/);
    assert.match(sides.edited, /answer CSV/);
    const input = await until("the comparison", () => {
      const found = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return found instanceof vscode.TabInputTextDiff && found;
    });
    assert.equal(input.original.scheme, "driven-side");
    const texts = await Promise.all([input.original, input.modified].map((uri) => vscode.workspace.openTextDocument(uri)));
    assert.match(texts[0].getText(), /answer XML/);
    assert.match(texts[1].getText(), /answer CSV/);
    assert.deepEqual(texts.map((document) => document.languageId), ["markdown", "markdown"]);
  },

  "the edited file is taken, from the comparison": async () => {
    await vscode.commands.executeCommand("driven.client.takeEdited");
    await until("the rule", () => /answer CSV/.test(read(RULE)));
    await until("another editor's file", () => /answer CSV/.test(read(".windsurf/rules/api.md")));
    await until("no conflict", () => driven().model.conflicts.length === 0 && !driven().statusBar.text.includes("conflict"), known);
    assert.ok(!(vscode.window.tabGroups.activeTabGroup.activeTab?.input instanceof vscode.TabInputTextDiff), "the comparison is closed");
  },

  "the rule is taken, by the server's own command": async () => {
    await quarrel("Handlers answer YAML.", "Handlers answer TOML.");
    await vscode.commands.executeCommand("driven.resolveConflict", { uri: file(FILE).toString(), take: "rule" });
    await until("the file", () => /answer YAML/.test(read(FILE)));
    assert.match(read(RULE), /answer YAML/);
    await until("no conflict", () => driven().model.conflicts.length === 0 && !driven().statusBar.text.includes("conflict"), known);
  },

  "saving writes nothing when that is switched off": async () => {
    await setting("sync.onSave", false);
    await until("the server's word", async () => (await vscode.commands.executeCommand("driven.debugInfo", {})).settings.sync_on_save === false);
    const document = await vscode.workspace.openTextDocument(file(RULE));
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(document.lineCount - 1, 0), "\nOne more line.\n");
    assert.ok(await vscode.workspace.applyEdit(edit));
    await save(document);
    await until("drift in the status bar", () => /to write/.test(driven().statusBar.text));
    assert.ok(!read(FILE).includes("One more line"));
    await setting("sync.onSave", undefined);
    await vscode.commands.executeCommand("driven.client.sync"); // late news of the save may have been quicker
    await until("the file is written", () => read(FILE).includes("One more line"));
    await until("a tick", () => driven().statusBar.text === "$(check) driven");
  },
};
