// What a language server gives in an editor: problems, completion, hover, lenses, fixes, rename, and what a save does.
const { assert, codeOf, driven, file, fs, open, path, place, problems, read, replace, root, save, until, vscode } = require("./kit.js");

const BROKEN = ".driven/rules/broken.md";
const COPIES = ["AGENTS.md", ".cursor/rules/style.mdc", ".windsurf/rules/style.md", ".claude/rules/style.md", ".clinerules/style.md"];
const markdown = (hovers) => hovers.flatMap((hover) => hover.contents).map((content) => content.value ?? content).join("\n");

module.exports = {
  "a mistake is underlined, once": async () => {
    const document = await open(BROKEN);
    await until("RUL06", () => problems(document.uri).some((one) => codeOf(one) === "RUL06"));
    const found = problems(document.uri).filter((one) => codeOf(one) === "RUL06");
    assert.equal(found.length, 1, JSON.stringify(found));
    assert.ok(document.getText(found[0].range).startsWith("prioritty"), document.getText(found[0].range));
    assert.ok(found[0].message.length > 10);
  },

  "files that are not open have problems too": async () => {
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await until("RUL06 of a closed file", () => problems(file(BROKEN)).some((one) => codeOf(one) === "RUL06"));
  },

  "keys complete": async () => {
    const document = await open(BROKEN);
    await replace(document, "prioritty: 10\n", "prioritty: 10\n\n");
    const list = await vscode.commands.executeCommand("vscode.executeCompletionItemProvider", document.uri, new vscode.Position(3, 0));
    const labels = list.items.map((item) => (typeof item.label === "string" ? item.label : item.label.label));
    for (const key of ["paths", "priority", "apply"]) assert.ok(labels.some((label) => label.replace(/:.*/, "") === key), `${key} in ${labels.slice(0, 30)}`);
    await replace(document, "prioritty: 10\n\n", "prioritty: 10\n");
  },

  "a glob says on hover what it matches": async () => {
    const document = await open(".driven/rules/api.md");
    const hovers = await vscode.commands.executeCommand("vscode.executeHoverProvider", document.uri, place(document, "src/api", 2));
    assert.match(markdown(hovers), /2 files/);
    assert.match(markdown(hovers), /orders\.ts/);
  },

  "a rule has lenses whose commands are there": async () => {
    const document = await open(".driven/rules/api.md");
    const lenses = await until("lenses", async () => {
      const found = await vscode.commands.executeCommand("vscode.executeCodeLensProvider", document.uri, 20);
      return found.length ? found : undefined;
    });
    const all = new Set(await vscode.commands.getCommands(true));
    for (const { command } of lenses) if (command?.command) assert.ok(all.has(command.command), command.command);
    assert.ok(lenses.some(({ command }) => command?.title));
  },

  "a quick fix removes the mistake": async () => {
    const document = await open(BROKEN);
    const wrong = await until("RUL06", () => problems(document.uri).find((one) => codeOf(one) === "RUL06"));
    const actions = await until("a fix", async () => {
      const found = await vscode.commands.executeCommand("vscode.executeCodeActionProvider", document.uri, wrong.range, "quickfix", 20);
      const fixes = found.filter((action) => action.edit && JSON.stringify(action.edit.entries()).includes("priority"));
      return fixes.length ? fixes : undefined;
    });
    assert.ok(await vscode.workspace.applyEdit(actions[0].edit));
    assert.match(document.getText(), /^priority: 10$/m);
    await until("the problem's end", () => !problems(document.uri).some((one) => codeOf(one) === "RUL06"));
  },

  "a mistake appears and goes as it is typed": async () => {
    const document = await open(BROKEN);
    await replace(document, "priority: 10", "prioritty: 10");
    await until("RUL06", () => problems(document.uri).some((one) => codeOf(one) === "RUL06"));
    await replace(document, "prioritty: 10", "priority: 10");
    await until("the problem's end", () => !problems(document.uri).some((one) => codeOf(one) === "RUL06"));
  },

  "all fixes of a file at once": async () => {
    const document = await open(BROKEN);
    await replace(document, "priority: 10", "prioritty: 10");
    await until("RUL06", () => problems(document.uri).some((one) => codeOf(one) === "RUL06"));
    const answer = await vscode.commands.executeCommand("driven.fixAll", { uri: document.uri.toString() });
    assert.equal(answer.changed.length, 1, JSON.stringify(answer));
    assert.match(document.getText(), /^priority: 10$/m);
    await save(document);
  },

  "a save is written to every editor": async () => {
    const document = await open(".driven/rules/style.md");
    await replace(document, "four spaces", "two spaces");
    await save(document);
    for (const copy of COPIES) await until(copy, () => read(copy).includes("two spaces"));
    await until("a tick in the status bar", () => driven().statusBar.text === "$(check) driven");
  },

  "a save of an editor's file is taken back into the rule": async () => {
    const document = await open(".cursor/rules/style.mdc");
    assert.equal(document.languageId, "markdown");
    await replace(document, "two spaces", "three spaces");
    await save(document);
    await until("the rule", () => read(".driven/rules/style.md").includes("three spaces"));
    for (const copy of COPIES) await until(copy, () => read(copy).includes("three spaces"));
  },

  "a rule is renamed wherever it is named": async () => {
    const document = await open(".driven/rules/api.md");
    const at = place(document, "(style.md)", 2);
    const edit = await vscode.commands.executeCommand("vscode.executeDocumentRenameProvider", document.uri, at, "code-style");
    assert.ok(edit, "an edit");
    assert.ok(await vscode.workspace.applyEdit(edit), JSON.stringify(edit._edits ?? edit));
    await until("the link", () => document.getText().includes("code-style.md"));
    await vscode.workspace.saveAll(false);
    await until("the rule's file", () => fs.existsSync(path.join(root, ".driven/rules/code-style.md")));
    assert.ok(!fs.existsSync(path.join(root, ".driven/rules/style.md")));
    await until("Cursor's file", () => read(".cursor/rules/code-style.mdc").includes("three spaces"));
    await until("the end of the old one", () => !fs.existsSync(path.join(root, ".cursor/rules/style.mdc")));
  },
};
