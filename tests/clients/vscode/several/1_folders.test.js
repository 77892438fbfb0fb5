// Three folders in one window, two of them projects: one server, and everything is about the file in front, or about both.
const { assert, driven, fs, labels, open, path, place, problems, replace, save, setting, until, vscode } = require("../host/kit.js");

const folders = Object.fromEntries(vscode.workspace.workspaceFolders.map((folder) => [folder.name, folder.uri.fsPath]));
const at = (folder, name) => path.join(folders[folder], name);
const read = (folder, name) => (fs.existsSync(at(folder, name)) ? fs.readFileSync(at(folder, name), "utf8") : "");
const show = (folder, name) => open(path.relative(folders.shop, at(folder, name)));
const status = (name) => driven().model.status.find((root) => root.name === name);

/** The language servers among the processes that the extension host has started. */
function servers() {
  const children = fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const parent = Number(fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(")").at(-1).trim().split(" ")[1]);
      return parent === process.pid ? [fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")] : [];
    } catch {
      return []; // it has ended meanwhile
    }
  });
  return children.filter((words) => words.some((word) => word.endsWith("/driven")) && words.includes("lsp"));
}

module.exports = {
  "one server knows all folders": async () => {
    await until("the extension", () => vscode.extensions.getExtension("driven.driven").isActive);
    await until("the server", () => driven().server.state === "running", () => driven().server.problem);
    await until("the folders", () => driven().model.status.length === 3);
    await until("each one's state", () => status("plain").state === "none" && status("shop").rules >= 2 && status("bakery").rules >= 2);
    assert.equal(servers().length, 1);
  },

  "a rule with a mistake is told, with the project that it is in": async () => {
    await until("what is held back", () => /^\$\(warning\) driven: .*1 held back/.test(driven().statusBar.text), () => driven().statusBar.text);
    await vscode.commands.executeCommand("driven.client.sync");
    await until("the project", () => driven().statusBar.text === "$(warning) driven: 1 held back (shop)", () => driven().statusBar.text);
  },

  "the tree has both projects at its top, and the status bar's tip a line for each": async () => {
    await until("both", () => labels(driven().rules()).join() === "shop,bakery", () => labels(driven().rules()).join());
    for (const node of driven().rules()) assert.ok(labels(node.children).includes("Cursor"), labels(node.children).join());
    const tip = driven().statusBar.tooltip.value;
    for (const name of ["shop", "bakery", "plain"]) assert.match(tip, new RegExp(`${name}:`));
  },

  "a save is written in its own project, and in no other": async () => {
    const before = read("shop", ".cursor/rules/style.mdc");
    const document = await show("bakery", ".driven/rules/style.md");
    await replace(document, "four spaces", "tabs, and flour");
    await save(document);
    await until("bakery's file", () => read("bakery", ".cursor/rules/style.mdc").includes("flour"));
    await until("bakery's tick", () => status("bakery").state === "clean");
    assert.equal(read("shop", ".cursor/rules/style.mdc"), before);
    assert.ok(!read("shop", ".driven/rules/style.md").includes("flour"));
  },

  "a mistake is the file's own": async () => {
    const document = await show("shop", ".driven/rules/broken.md");
    await until("a problem", () => problems(document.uri).length);
    await replace(document, "prioritty", "priority");
    await save(document);
    await until("its end", () => !problems(document.uri).length);
  },

  "the rules that hold are those of the file's project": async () => {
    fs.writeFileSync(at("bakery", ".driven/rules/oven.md"), "---\ndescription: The oven\n---\n\n# Oven\n\nOne at a time.\n");
    const rules = async () => {
      const nodes = await driven().here();
      const cursor = nodes.find((node) => node.label === "Cursor");
      return cursor ? labels(cursor.children).flatMap((label, at) => (label === "Not here" ? labels(cursor.children[at].children) : [label])) : undefined;
    };
    await show("bakery", "src/api/orders.ts");
    await until("the new rule", async () => (await rules())?.includes("oven"));
    await show("shop", "src/api/orders.ts");
    await until("shop's rules", async () => (await rules())?.includes("api"));
    assert.ok(!(await rules()).includes("oven"));
    await show("plain", "README.txt");
    assert.equal(await rules(), undefined);
  },

  "a new rule is made in the project of the file in front": async () => {
    await show("bakery", "src/api/orders.ts");
    await vscode.commands.executeCommand("driven.client.newRule", "dough");
    await until("the rule", () => vscode.window.activeTextEditor?.document.uri.fsPath === at("bakery", ".driven/rules/dough.md"));
    assert.ok(!fs.existsSync(at("shop", ".driven/rules/dough.md")));
  },

  "of several projects, the status bar names the one that the news are about": async () => {
    await vscode.commands.executeCommand("driven.client.sync");
    await until("a tick", () => driven().statusBar.text === "$(check) driven", () => JSON.stringify(driven().model.status));
    await setting("sync.onSave", false);
    await until("the server's word", async () => (await vscode.commands.executeCommand("driven.debugInfo", {})).settings.sync_on_save === false);
    const document = await show("shop", ".driven/rules/style.md");
    await replace(document, "four spaces", "two spaces");
    await save(document);
    await until("shop's news", () => /^\$\(sync\) driven: \d+ to write \(shop\)$/.test(driven().statusBar.text), () => driven().statusBar.text);
  },

  "syncing is for all projects": async () => {
    // Still nothing is written on save: that of shop's rule may be told once more, late, by what watches its files.
    fs.writeFileSync(at("bakery", ".driven/rules/oven.md"), "---\ndescription: The oven\n---\n\n# Oven\n\nTwo at a time.\n");
    await until("both", () => driven().model.projects.every((root) => root.state === "drift"), () => JSON.stringify(driven().model.status));
    assert.match(driven().statusBar.text, /^\$\(sync\) driven: \d+ to write$/);
    await vscode.commands.executeCommand("driven.client.sync");
    assert.match(read("shop", ".cursor/rules/style.mdc"), /two spaces/);
    assert.match(read("bakery", ".cursor/rules/oven.mdc"), /Two at a time/);
    await until("a tick", () => driven().statusBar.text === "$(check) driven");
    await setting("sync.onSave", undefined);
    await until("the server's word", async () => (await vscode.commands.executeCommand("driven.debugInfo", {})).settings.sync_on_save === true);
  },

  "a definition leads into the file's own project": async () => {
    const document = await show("bakery", ".driven/rules/api.md");
    const found = await until("the rule", async () => {
      const list = await vscode.commands.executeCommand("vscode.executeDefinitionProvider", document.uri, place(document, "(style.md)", 2));
      return list.length ? list : undefined;
    });
    assert.deepEqual([...new Set(found.map((one) => (one.uri ?? one.targetUri).fsPath))], [at("bakery", ".driven/rules/style.md")]);
  },

  "a folder that comes is a project, and takes it with it when it leaves": async () => {
    const { pid } = driven().server;
    const market = path.join(path.dirname(folders.shop), "market");
    fs.cpSync(at("bakery", ".driven"), path.join(market, ".driven"), { recursive: true });
    assert.ok(vscode.workspace.updateWorkspaceFolders(3, 0, { uri: vscode.Uri.file(market) }));
    const names = () => labels(driven().rules()).join();
    await until("the new project", () => names() === "shop,bakery,market", names);
    assert.ok(vscode.workspace.updateWorkspaceFolders(3, 1));
    await until("its end", () => names() === "shop,bakery" && !status("market"), names);
    assert.equal(driven().server.pid, pid);
  },
};
