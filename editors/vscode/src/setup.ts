// What leads to a running server: choosing the program, help to install it, `driven init`, the walkthrough, a restart.
import * as vscode from "vscode";
import { guarded } from "./commands";
import type { Server } from "./server";

const CALM = 500; // milliseconds

export function registerSetup(context: vscode.ExtensionContext, server: Server): vscode.Disposable {
  const table: Record<string, () => unknown> = {
    restart: () => server.restart(),
    showLog: () => server.log.show(),
    choosePath,
    installHelp: () => vscode.commands.executeCommand("markdown.showPreview", vscode.Uri.joinPath(context.extensionUri, "media/walkthrough/install.md")),
    walkthrough: () => vscode.commands.executeCommand("workbench.action.openWalkthrough", `${context.extension.id}#start`),
    init: () => init(server),
  };
  let timer: NodeJS.Timeout | undefined;
  const commands = Object.entries(table).map(([name, run]) => vscode.commands.registerCommand(`driven.client.${name}`, guarded(run)));
  return vscode.Disposable.from(
    ...commands,
    vscode.workspace.onDidGrantWorkspaceTrust(() => server.restart()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("driven.path")) void server.restart();
    }),
    server.onDidChangeState(() => {
      clearTimeout(timer);
      if (server.state === "missing") void tellMissing(server.problem);
      // One that ended may be on its way back.
      if (server.state === "stopped") timer = setTimeout(() => void tellStopped(server.problem), CALM);
    }),
    { dispose: () => clearTimeout(timer) },
  );
}

async function tellMissing(problem: string): Promise<void> {
  const help = "Install Help";
  const choose = "Choose Path";
  const picked = await vscode.window.showErrorMessage(problem, help, choose, "Show Log");
  if (picked) await vscode.commands.executeCommand(`driven.client.${picked === help ? "installHelp" : picked === choose ? "choosePath" : "showLog"}`);
}

async function tellStopped(problem: string): Promise<void> {
  const picked = await vscode.window.showErrorMessage(problem, "Restart", "Show Log");
  if (picked) await vscode.commands.executeCommand(picked === "Restart" ? "driven.client.restart" : "driven.client.showLog");
}

async function choosePath(): Promise<void> {
  const picked = await vscode.window.showOpenDialog({ title: "The driven program, in the bin folder of an environment", openLabel: "Use This Program" });
  if (picked?.[0]) await vscode.workspace.getConfiguration("driven").update("path", picked[0].fsPath, vscode.ConfigurationTarget.Global);
}

/** `driven init` in a terminal: it says what became of each rule that it takes over. */
async function init(server: Server): Promise<void> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (!folders.length) throw new Error("Open the project's folder first.");
  if (!vscode.workspace.isTrusted) throw new Error("Setting up writes files: trust this folder first.");
  if (!server.program) throw new Error(server.problem || "The driven program is not there.");
  const front = vscode.window.activeTextEditor && vscode.workspace.getWorkspaceFolder(vscode.window.activeTextEditor.document.uri);
  const scope = front ?? (folders.length === 1 ? folders[0] : await vscode.window.showWorkspaceFolderPick({ placeHolder: "Which project is to be set up?" }));
  if (!scope) return;
  const run = new vscode.ProcessExecution(server.program.command, ["init"], { cwd: scope.uri.fsPath });
  await vscode.tasks.executeTask(new vscode.Task({ type: "process" }, scope, "init", "driven", run));
}
