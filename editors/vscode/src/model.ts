// What the server last said of the project: its status, and the tree of editors, files and rules. Views draw from this.
import * as vscode from "vscode";
import type { EmittedFile, RootStatus, Status, Tree } from "./protocol";
import type { Server } from "./server";

const CALM = 150; // milliseconds without news before the tree is asked for: a sync says several things at once

export class Model implements vscode.Disposable {
  status: RootStatus[] = [];
  tree: Tree | undefined;
  private timer: NodeJS.Timeout | undefined;
  private asking: vscode.CancellationTokenSource | undefined;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly parts: vscode.Disposable[];
  /** Status or tree are new. */
  readonly onDidChange = this.changed.event;

  constructor(private readonly server: Server) {
    this.parts = [
      server.onStatus((status) => this.take(status)),
      server.onDidChangeState(() => {
        if (server.state !== "running") {
          this.status = [];
          this.tree = undefined;
        }
        this.refresh();
      }),
    ];
  }

  get conflicts(): EmittedFile[] {
    return this.files("conflict");
  }

  /** Emitted files in one state, each once: AGENTS.md is a file of several editors. */
  files(state: EmittedFile["state"]): EmittedFile[] {
    const files = (this.tree?.roots ?? []).flatMap((root) => root.editors.flatMap((editor) => editor.files));
    return [...new Map(files.filter((file) => file.state === state).map((file) => [file.uri, file])).values()];
  }

  refresh(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.load(), CALM);
    this.changed.fire();
    this.tellContext();
  }

  private take(status: Status): void {
    this.status = status.roots;
    this.refresh();
  }

  private async load(): Promise<void> {
    this.asking?.cancel();
    const asking = (this.asking = new vscode.CancellationTokenSource());
    const tree = await this.server.ask<Tree>("driven/tree", {}, asking.token);
    if (asking.token.isCancellationRequested) return;
    this.tree = tree;
    this.changed.fire();
    this.tellContext();
  }

  /** What `when` clauses ask: `driven.state`, and the paths of files in conflict. */
  private tellContext(): void {
    const none = this.status.length > 0 && this.status.every((root) => root.state === "none");
    const state = this.server.state === "running" && none ? "none" : this.server.state;
    void vscode.commands.executeCommand("setContext", "driven.state", state);
    // Steps of the walkthrough are done when these come true.
    void vscode.commands.executeCommand("setContext", "driven.ready", state === "running" || state === "none");
    void vscode.commands.executeCommand("setContext", "driven.project", state === "running" && this.status.length > 0);
    const paths = this.conflicts.map((file) => vscode.Uri.parse(file.uri).fsPath);
    void vscode.commands.executeCommand("setContext", "driven.conflicted", paths);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.asking?.cancel();
    this.changed.dispose();
    vscode.Disposable.from(...this.parts).dispose();
  }
}
