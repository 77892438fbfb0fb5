// The view "Rules That Apply Here": for the file that is open, which rules hold in each editor, why, and at what cost.
import * as path from "node:path";
import * as vscode from "vscode";
import type { Model } from "./model";
import { Node, Nodes } from "./node";
import { fileOf } from "./pages";
import type { EditorHere, RuleHere, RulesHere } from "./protocol";
import type { Server } from "./server";
import { count } from "./statusBar";

const CALM = 200; // milliseconds on a file before its rules are asked for: people leaf through tabs
const VERDICTS: Record<RuleHere["verdict"], { icon: string; holds: boolean; word: string }> = {
  always: { icon: "pinned", holds: true, word: "always" },
  match: { icon: "file-code", holds: true, word: "matches" },
  model: { icon: "sparkle", holds: true, word: "the model decides" },
  manual: { icon: "mention", holds: true, word: "on request" },
  no: { icon: "circle-slash", holds: false, word: "does not match" },
  off: { icon: "circle-slash", holds: false, word: "off" },
};

export class HereView implements vscode.Disposable {
  readonly nodes = new Nodes();
  readonly view: vscode.TreeView<Node>;
  private timer: NodeJS.Timeout | undefined;
  private asking: vscode.CancellationTokenSource | undefined;
  private readonly parts: vscode.Disposable[];

  constructor(private readonly server: Server, private readonly model: Model) {
    this.view = vscode.window.createTreeView("driven.here", { treeDataProvider: this.nodes });
    this.parts = [
      this.view,
      vscode.window.onDidChangeActiveTextEditor(() => this.later()),
      this.view.onDidChangeVisibility(() => this.later()),
      model.onDidChange(() => this.later()),
    ];
  }

  /** Asks at once, also when nobody looks. */
  async load(): Promise<void> {
    this.asking?.cancel();
    const asking = (this.asking = new vscode.CancellationTokenSource());
    const uri = fileOf(vscode.window.activeTextEditor?.document.uri);
    const here = uri ? await this.server.ask<RulesHere>("driven/rulesHere", { uri: uri.toString() }, asking.token) : undefined;
    if (asking.token.isCancellationRequested) return;
    this.nodes.show((here?.editors ?? []).map(editorNode));
    const several = this.model.status.length > 1;
    this.view.description = here ? (several ? `${path.basename(here.root)}: ${here.path}` : here.path) : "";
    this.view.message = here && !here.editors.length ? "No editor is written for." : "";
  }

  private later(): void {
    clearTimeout(this.timer);
    // With the focus in a panel or a picture there is no text editor: what was shown last stays, until nothing is open.
    const elsewhere = !vscode.window.activeTextEditor && vscode.window.tabGroups.all.some((group) => group.tabs.length > 0);
    if (!this.view.visible || (elsewhere && this.server.state === "running")) return;
    this.timer = setTimeout(() => void this.load(), CALM);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.asking?.cancel();
    vscode.Disposable.from(...this.parts).dispose();
  }
}

function editorNode(editor: EditorHere): Node {
  const holding = editor.rules.filter((rule) => VERDICTS[rule.verdict].holds);
  const others = editor.rules.filter((rule) => !VERDICTS[rule.verdict].holds);
  const children = holding.map((rule) => ruleNode(editor, rule));
  if (others.length) {
    children.push(new Node("Not here", {
      id: `${editor.name}#not`, icon: "circle-slash", description: String(others.length),
      children: others.map((rule) => ruleNode(editor, rule)),
    }));
  }
  return new Node(editor.title, {
    id: editor.name, icon: holding.length ? "check" : "dash", open: true, children,
    description: `${count(holding.length, "rule")}, ${editor.exact ? "" : "about "}${count(editor.tokens, "token")}`,
  });
}

function ruleNode(editor: EditorHere, rule: RuleHere): Node {
  const { icon, word, holds } = VERDICTS[rule.verdict];
  const tip = new vscode.MarkdownString();
  tip.appendMarkdown("**").appendText(rule.title || rule.id).appendMarkdown("**\n\n").appendText(rule.why);
  if (rule.pattern) tip.appendMarkdown("\n\nGlob: ").appendText(rule.pattern);
  if (rule.file) tip.appendMarkdown("\n\nFrom ").appendText(`${rule.file}, ${count(rule.characters, "character")}`);
  if (rule.held) tip.appendMarkdown("\n\n").appendText(rule.held);
  for (const loss of rule.losses) tip.appendMarkdown("\n\n≈ ").appendText(loss);
  return new Node(rule.id, {
    id: `${editor.name}#${rule.id}`, icon, tooltip: tip,
    // ≈: this editor cannot say all of it; the tip says what.
    description: `${rule.pattern && rule.verdict === "match" ? `${word} ${rule.pattern}` : word}${holds && rule.losses.length ? " ≈" : ""}${rule.held ? ", held back" : ""}`,
    uri: rule.ruleUri ?? rule.fileUri, context: "rule",
  });
}
