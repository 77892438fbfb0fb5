// What the server last said of the project: its status, and the tree of editors, files and rules. Views draw from this.
import * as vscode from "vscode";
import type { EmittedFile, RootStatus, Status, Tree } from "./protocol";
import type { Server } from "./server";

const CALM = 150; // milliseconds without news before the tree is asked for: a sync says several things at once
const LATEST = 1000; // milliseconds after which it is asked for, whatever else is said

export class Model implements vscode.Disposable {
  status: RootStatus[] = [];
  tree: Tree | undefined;
  private timer: NodeJS.Timeout | undefined;
  private since = 0; // when the first news came that no question is about
  private asking: vscode.CancellationTokenSource | undefined;
  private again = false;
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly parts: vscode.Disposable[];
  /** Status or tree are new. */
  readonly onDidChange = this.changed.event;

  constructor(private readonly server: Server) {
    this.parts = [
      server.onStatus((status) => this.take(status)),
      server.onDidChangeState(() => {
        // Whatever is on its way, another server said it.
        this.asking?.cancel();
        this.asking = undefined;
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

  /** The folders that have a `.driven`. */
  get projects(): RootStatus[] {
    return this.status.filter((root) => root.state !== "none" && root.state !== "looking");
  }

  /** Whether the server has yet to say how a folder stands. */
  get isWaiting(): boolean {
    const folders = vscode.workspace.workspaceFolders?.some((folder) => folder.uri.scheme === "file") ?? false;
    return (folders && !this.status.length) || this.status.some((root) => root.state === "looking");
  }

  /** Whether it is known that nothing that is open is a project. */
  get hasNoProject(): boolean {
    return this.server.state === "running" && !this.isWaiting && !this.projects.length;
  }

  /** Emitted files in one state, each once: AGENTS.md is a file of several editors. */
  files(state: EmittedFile["state"]): EmittedFile[] {
    const files = (this.tree?.roots ?? []).flatMap((root) => root.editors.flatMap((editor) => editor.files));
    return [...new Map(files.filter((file) => file.state === state).map((file) => [file.uri, file])).values()];
  }

  refresh(): void {
    const now = Date.now();
    if (!this.timer) this.since = now;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.load();
    }, Math.max(0, Math.min(CALM, this.since + LATEST - now)));
    this.tell();
  }

  private take(status: Status): void {
    this.status = status.roots;
    this.refresh();
  }

  /** One question at a time, so that no answer can overtake a newer one; news meanwhile are a question after it. */
  private async load(): Promise<void> {
    if (this.asking) {
      this.again = true;
      return;
    }
    const asking = (this.asking = new vscode.CancellationTokenSource());
    do {
      this.again = false;
      const tree = await this.server.ask<Tree>("driven/tree", {}, asking.token);
      if (asking.token.isCancellationRequested) return;
      // No answer: what was shown stays, and the server's next notification asks again.
      if (tree) this.tree = tree;
      this.tell();
    } while (this.again);
    this.asking = undefined;
  }

  private tell(): void {
    this.changed.fire();
    this.tellContext();
  }

  /** What `when` clauses ask: `driven.state`, and the paths of files and rules in conflict. */
  private tellContext(): void {
    void vscode.commands.executeCommand("setContext", "driven.state", this.hasNoProject ? "none" : this.server.state);
    const rules = (this.tree?.roots ?? []).flatMap((root) => root.rules.filter((rule) => rule.conflicts?.length));
    const paths = [...this.conflicts, ...rules].map((one) => vscode.Uri.parse(one.uri).fsPath);
    void vscode.commands.executeCommand("setContext", "driven.conflicted", paths);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.asking?.cancel();
    this.changed.dispose();
    vscode.Disposable.from(...this.parts).dispose();
  }
}
