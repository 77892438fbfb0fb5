// The extension's own: both trees, the page of a `.drv`, pages of answers, a new rule.
const { assert, driven, file, fs, labels, open, read, replace, save, until, vscode, write } = require("./kit.js");

const tab = () => vscode.window.tabGroups.activeTabGroup.activeTab?.input;

module.exports = {
  "the rules are shown by editor, file and rule": async () => {
    const all = () => driven().rules().at(-1);
    await until("the tree", () => all()?.label === "All rules" && all().children.length === 3, () => labels(all()?.children ?? []).join());
    const roots = driven().rules();
    assert.ok(labels(roots).includes("Cursor"), labels(roots).join());
    const cursor = roots.find((node) => node.label === "Cursor");
    const own = cursor.children.find((node) => node.label.endsWith("api.mdc"));
    assert.ok(own, labels(cursor.children).join());
    assert.deepEqual(labels(own.children), ["api"]);
    assert.ok(own.uri.path.endsWith("/.cursor/rules/api.mdc"));
  },

  "the tree keeps up with news that never pause, and never goes back": async () => {
    const seen = [];
    const { model } = driven();
    const listener = model.onDidChange(() => {
      const digest = model.tree?.roots[0]?.digest;
      if (digest && digest !== seen.at(-1)) seen.push(digest);
    });
    const news = setInterval(() => void vscode.commands.executeCommand("driven.client.refresh"), 50);
    try {
      for (const number of [1, 2, 3, 4, 5]) {
        write(".driven/rules/late.md", `---\ndescription: Late\n---\n\n# Late\n\nNumber ${number}.\n`);
        const shown = seen.length;
        await until(`tree ${number}`, () => seen.length > shown);
      }
    } finally {
      clearInterval(news);
      listener.dispose();
    }
    assert.equal(new Set(seen).size, seen.length, seen.join());
    fs.rmSync(file(".driven/rules/late.md").fsPath);
    await vscode.commands.executeCommand("driven.sync", {});
    await until("the end of it", () => model.files("drift").length === 0, () => JSON.stringify(model.status));
    await until("what the server says", async () => JSON.stringify(model.tree) === JSON.stringify(await driven().server.ask("driven/tree", {})));
  },

  "the rules that hold for a file, and those that do not": async () => {
    await open("src/api/orders.ts");
    const editors = await until("rules here", async () => {
      const nodes = await driven().here();
      return nodes.length ? nodes : undefined;
    });
    const cursor = editors.find((node) => node.label === "Cursor");
    assert.ok(labels(cursor.children).includes("api"), labels(cursor.children).join());
    assert.match(cursor.children.find((node) => node.label === "api").description, /src\/api/);
    assert.match(cursor.description, /\d+ rules?, (about )?[\d,]+ tokens?/);
    await open("README.txt");
    const others = await driven().here();
    const there = others.find((node) => node.label === "Cursor");
    assert.ok(!labels(there.children).includes("api"), labels(there.children).join());
    assert.ok(there.children.some((node) => node.label === "Not here" && labels(node.children).includes("api")));
  },

  "a .drv opens as a page": async () => {
    await vscode.commands.executeCommand("vscode.open", file("rules.drv"));
    await until("the editor", () => tab() instanceof vscode.TabInputCustom && tab().viewType === "driven.drv");
    const page = await until("its rules", () => driven().drv().includes('class="rule"') && driven().drv());
    assert.match(page, /<code class="id">api<\/code>/);
    assert.match(page, /class="integrity unsigned"/);
    assert.match(page, /default-src 'none'/);
  },

  "a .drv that is written anew is drawn anew": async () => {
    const good = fs.readFileSync(file("rules.drv").fsPath);
    fs.copyFileSync(file("damaged.drv").fsPath, file("rules.drv").fsPath);
    await until("the problem", () => /class="note problem">[^<]{10}/.test(driven().drv()));
    fs.writeFileSync(file("rules.drv").fsPath, good);
    await until("the rules", () => driven().drv().includes('class="rule"'));
  },

  "text out of a .drv cannot become markup": async () => {
    await vscode.commands.executeCommand("vscode.open", file("hostile.drv"));
    const page = await until("its page", () => driven().drv().includes("hostile.drv") && driven().drv().includes('class="rule"') && driven().drv());
    assert.ok(page.includes("&lt;img src=x"), "the rule's text is there");
    assert.ok(!/<img|<script>|<\/pre><script/.test(page), "and is text");
  },

  "a damaged .drv says so": async () => {
    await vscode.commands.executeCommand("vscode.open", file("damaged.drv"));
    await until("a problem", () => driven().drv().includes("damaged.drv") && /class="note problem">[^<]{10}/.test(driven().drv()));
  },

  "why a rule holds is a page": async () => {
    const document = await open("src/api/orders.ts");
    const answer = await vscode.commands.executeCommand("driven.client.explain", document.uri);
    assert.match(answer.markdown, /api/);
    await until("the preview", () => vscode.window.tabGroups.all.some((group) => group.tabs.some((one) => one.label.includes("Rules for orders.ts"))));
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  },

  "the rule behind an editor's file, and its file for an editor": async () => {
    await vscode.commands.executeCommand("driven.client.openRule", file(".cursor/rules/api.mdc"));
    await until("the rule", () => vscode.window.activeTextEditor?.document.uri.path.endsWith("/.driven/rules/api.md"));
    await vscode.commands.executeCommand("driven.openEmitted", { rule: "api", editor: "cursor" });
    await until("Cursor's file", () => vscode.window.activeTextEditor?.document.uri.path.endsWith("/.cursor/rules/api.mdc"));
  },

  "a new rule is made and opened; one that is there is refused": async () => {
    await vscode.commands.executeCommand("driven.client.newRule", "Team/Reviews");
    await until("the rule", () => vscode.window.activeTextEditor?.document.uri.path.endsWith("/.driven/rules/team/reviews.md"));
    const { document } = vscode.window.activeTextEditor;
    await until("its text", () => document.getText().includes("# Reviews"));
    await replace(document, "# Reviews\n", "# Reviews\n\nTwo people look at a change.\n");
    await save(document);
    await until("Cursor's file", () => read(".cursor/rules/team-reviews.mdc").includes("Two people"));
    await assert.rejects(vscode.commands.executeCommand("driven.newRule", { id: "team/reviews" }), /./);
  },
};
