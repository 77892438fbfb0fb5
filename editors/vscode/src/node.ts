// A line of a tree: a tree item that holds its children, and a provider that shows such lines.
import * as vscode from "vscode";

export interface Look {
  /** Stable over refreshes, so that what is open stays open. */
  id: string;
  icon?: string;
  colour?: string;
  description?: string;
  tooltip?: string | vscode.MarkdownString;
  context?: string;
  /** The file that a click opens, and that commands on this line act on. */
  uri?: string | null | undefined;
  open?: boolean;
  children?: Node[];
}

export class Node extends vscode.TreeItem {
  readonly children: Node[];
  readonly uri: vscode.Uri | undefined;

  constructor(label: string, look: Look) {
    const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;
    super(label, look.children?.length ? (look.open ? Expanded : Collapsed) : None);
    this.id = look.id;
    this.children = look.children ?? [];
    this.uri = look.uri ? vscode.Uri.parse(look.uri) : undefined;
    if (look.icon) this.iconPath = new vscode.ThemeIcon(look.icon, look.colour ? new vscode.ThemeColor(look.colour) : undefined);
    if (look.description !== undefined) this.description = look.description;
    if (look.tooltip !== undefined) this.tooltip = look.tooltip;
    if (look.context !== undefined) this.contextValue = look.context;
    if (this.uri) this.command = { command: "vscode.open", title: "Open", arguments: [this.uri] };
  }
}

export class Nodes implements vscode.TreeDataProvider<Node> {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.changed.event;
  private nodes: Node[] = [];

  show(nodes: Node[]): void {
    this.nodes = nodes;
    this.changed.fire();
  }

  getChildren(node?: Node): Node[] {
    return node ? node.children : this.nodes;
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return node;
  }
}
