// Shows `.drv` files, which are binary: read by the server, drawn as a page, never changed.
import * as crypto from "node:crypto";
import * as path from "node:path";
import * as vscode from "vscode";
import { drvPage } from "./drvPage";
import type { Drv } from "./protocol";
import type { Server } from "./server";

export class DrvEditor implements vscode.CustomReadonlyEditorProvider {
  /** What was shown last, for tests. */
  shown = "";

  constructor(private readonly server: Server) {}

  static register(server: Server): [DrvEditor, vscode.Disposable] {
    const editor = new DrvEditor(server);
    const options = { webviewOptions: { enableFindWidget: true, retainContextWhenHidden: false } };
    return [editor, vscode.window.registerCustomEditorProvider("driven.drv", editor, options)];
  }

  openCustomDocument(uri: vscode.Uri): vscode.CustomDocument {
    return { uri, dispose: () => undefined };
  }

  resolveCustomEditor({ uri }: vscode.CustomDocument, panel: vscode.WebviewPanel): void {
    panel.webview.options = { enableScripts: true, localResourceRoots: [] };
    let asking: vscode.CancellationTokenSource | undefined;
    const draw = async () => {
      asking?.cancel();
      const { token } = (asking = new vscode.CancellationTokenSource());
      const drv = await this.server.ask<Drv>("driven/drv", { uri: uri.toString() }, token);
      if (token.isCancellationRequested) return;
      const problem = this.server.problem || (this.server.state === "starting" ? "The language server is starting." : "The language server did not read it.");
      this.shown = drvPage(path.basename(uri.fsPath), drv ?? problem, crypto.randomBytes(18).toString("base64url"));
      panel.webview.html = this.shown;
    };
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.joinPath(uri, ".."), path.basename(uri.fsPath)));
    const parts = [watcher, watcher.onDidChange(draw), watcher.onDidCreate(draw), this.server.onDidChangeState(draw)];
    panel.onDidDispose(() => {
      asking?.cancel();
      vscode.Disposable.from(...parts).dispose();
    });
    void draw();
  }
}
