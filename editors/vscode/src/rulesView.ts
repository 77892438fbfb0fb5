// The view "Rules by Editor": editor, its files, the rules in each; what it cannot say; and the rules themselves.
import * as vscode from "vscode";
import type { Model } from "./model";
import { Node, Nodes } from "./node";
import type { EditorTree, EmittedFile, RootTree, RuleInfo } from "./protocol";
import { count } from "./statusBar";

const STATES = {
  same: { icon: "file", note: "as the rules say" },
  drift: { icon: "sync", note: "differs from what the rules say; a sync decides" },
  conflict: { icon: "git-merge", note: "in conflict: the file and its rule were both changed" },
} as const;
const ACTIVATIONS: Record<RuleInfo["activation"], string> = { always: "pinned", paths: "file-code", model: "sparkle", manual: "mention" };

export class RulesView implements vscode.Disposable {
  readonly nodes = new Nodes();
  private readonly view: vscode.TreeView<Node>;
  private readonly parts: vscode.Disposable[];

  constructor(private readonly model: Model) {
    this.view = vscode.window.createTreeView("driven.rules", { treeDataProvider: this.nodes, showCollapseAll: true });
    this.parts = [this.view, model.onDidChange(() => this.draw())];
  }

  private draw(): void {
    const all = this.model.tree?.roots ?? [];
    const roots = all.filter((root) => root.editors.length || root.rules.length); // a folder without `.driven` has neither
    this.nodes.show(all.length > 1 ? roots.map((root) => new Node(root.name, {
      id: root.uri, icon: "root-folder", open: true, children: rootNodes(root),
    })) : roots.flatMap(rootNodes));
    const conflicts = this.model.conflicts.length;
    this.view.badge = conflicts ? { value: conflicts, tooltip: `${count(conflicts, "file")} in conflict` } : undefined;
  }

  dispose(): void {
    vscode.Disposable.from(...this.parts).dispose();
  }
}

function rootNodes(root: RootTree): Node[] {
  const rules = new Map(root.rules.map((rule) => [rule.id, rule]));
  const nodes = root.editors.filter((editor) => editor.enabled).map((editor) => editorNode(root, editor, rules));
  if (root.rules.length) {
    nodes.push(new Node("All rules", {
      id: `${root.uri}#rules`, icon: "list-unordered", description: count(root.rules.length, "rule"),
      children: root.rules.map((rule) => ruleNode(`${root.uri}#rules`, rule.id, rule)),
    }));
  }
  return nodes;
}

function editorNode(root: RootTree, editor: EditorTree, rules: Map<string, RuleInfo>): Node {
  const id = `${root.uri}#${editor.name}`;
  const children = editor.files.map((file) => fileNode(id, file, rules));
  if (editor.losses.length) {
    children.push(new Node("What it cannot say", {
      id: `${id}#losses`, icon: "info", description: String(editor.losses.length),
      children: editor.losses.map((loss, at) => new Node(loss.rule, {
        id: `${id}#loss${at}`, icon: "circle-small", description: loss.reason, tooltip: loss.reason, uri: rules.get(loss.rule)?.uri,
      })),
    }));
  }
  const news = [editor.conflicts ? count(editor.conflicts, "conflict") : "", editor.drift ? `${editor.drift} to write` : ""];
  const size = `${count(editor.files.length, "file")}, ${count(editor.characters, "character")}${editor.limit ? ` of ${editor.limit.toLocaleString("en")}` : ""}`;
  const [icon, colour] = editor.conflicts ? ["git-merge", "list.warningForeground"] : editor.drift ? ["sync", "charts.blue"] : ["pass", "charts.green"];
  return new Node(editor.title, {
    id, icon, colour, children, context: "editor", description: news.filter(Boolean).join(", ") || size, tooltip: `${editor.title}: ${size}`,
  });
}

function fileNode(parent: string, file: EmittedFile, rules: Map<string, RuleInfo>): Node {
  const { icon, note } = STATES[file.state];
  const id = `${parent}#${file.path}`;
  return new Node(file.path, {
    id, icon, context: `file.${file.state}`, uri: file.uri,
    ...(file.state === "conflict" ? { colour: "list.warningForeground" } : file.state === "drift" ? { colour: "charts.blue" } : {}),
    ...(file.state === "same" ? {} : { description: file.state }),
    tooltip: `${file.path}: ${note}\n${count(file.characters, "character")} of ${count(file.rules.length, "rule")}`,
    children: file.rules.map((rule) => ruleNode(id, rule, rules.get(rule))),
  });
}

function ruleNode(parent: string, id: string, rule: RuleInfo | undefined): Node {
  if (!rule) return new Node(id, { id: `${parent}#${id}`, icon: "question", description: "no such rule" });
  const tip = [rule.title, rule.detail, `${count(rule.tokens, "token")}; ${rule.editors.length ? `written for ${rule.editors.join(", ")}` : "written for no editor"}`];
  if (rule.held) {
    return new Node(id, {
      id: `${parent}#${id}`, icon: "warning", colour: "list.warningForeground", context: "rule", uri: rule.uri,
      description: "held back", tooltip: [...tip, rule.held].filter(Boolean).join("\n"),
    });
  }
  return new Node(id, {
    id: `${parent}#${id}`, icon: rule.active ? ACTIVATIONS[rule.activation] : "circle-slash", context: "rule", uri: rule.uri,
    description: rule.active ? rule.detail || rule.title : `off: ${rule.detail || rule.title}`, tooltip: tip.filter(Boolean).join("\n"),
  });
}
