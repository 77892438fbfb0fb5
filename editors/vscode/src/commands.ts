// The commands of the palette and the menus: which file they are about, what they ask the server, what they show.
//
// The client library registers the server's own commands, `driven.sync` and the like, under their own ids while a
// server runs. Ours are therefore `driven.client.…`: they are always there, and say what is wrong when there is none.
import * as path from "node:path";
import * as vscode from "vscode";
import type { Model } from "./model";
import { Node } from "./node";
import { fileOf, type Pages } from "./pages";
import { offerConflicts, present } from "./present";
import type { EmittedFile, Sides } from "./protocol";
import { messageOf, type Server } from "./server";

export class Commands implements vscode.Disposable {
  private conflicts = 0;
  private readonly parts: vscode.Disposable[];

  constructor(private readonly server: Server, private readonly model: Model, private readonly pages: Pages) {
    server.perform = (command, argument) => this.perform(command, argument);
    const table: Record<string, (argument?: unknown) => unknown> = {
      sync: () => this.perform("driven.sync"),
      explain: (of) => this.onFile("driven.explain", of),
      openEmitted: (of) => this.onFile("driven.openEmitted", of),
      openRule: (of) => this.onFile("driven.openRule", of),
      compareSides: (of) => this.onFile("driven.sides", of),
      takeRule: (of) => this.resolve(of, "rule"),
      takeEdited: (of) => this.resolve(of, "edited"),
      adopt: (of) => this.onFile("driven.adopt", of),
      fixAll: (of) => this.onFile("driven.fixAll", of),
      newRule: (id) => this.newRule(typeof id === "string" ? id : undefined),
      resolveConflicts: () => this.resolveConflicts(),
      debugInfo: () => this.perform("driven.debugInfo"),
      refresh: () => model.refresh(),
      actions: () => this.actions(),
    };
    this.parts = Object.entries(table).map(([name, run]) => vscode.commands.registerCommand(`driven.client.${name}`, guarded(run)));
    this.parts.push(model.onDidChange(() => this.noticeConflicts()));
  }

  /** Asks the server and shows the answer; the answer is also the result, for keys, lenses and other extensions. */
  private async perform(command: string, argument?: unknown): Promise<unknown> {
    const answer = await this.server.execute(command, argument);
    // A picker or a notification waits for the person; who asked does not.
    void present(this.pages, command, answer, argument).catch((error: unknown) => this.server.log.error(messageOf(error)));
    return answer;
  }

  private async onFile(command: string, of: unknown, more: object = {}): Promise<unknown> {
    const uri = fileOf(of instanceof vscode.Uri ? of : of instanceof Node ? of.uri : activeUri());
    if (!uri) throw new Error("Open the file that this is about.");
    return this.perform(command, { uri: uri.toString(), ...more });
  }

  private async resolve(of: unknown, take: "rule" | "edited"): Promise<unknown> {
    const answer = await this.onFile("driven.resolveConflict", of, { take });
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    // The comparison shows what is no more.
    if (tab?.input instanceof vscode.TabInputTextDiff && tab.input.original.scheme === "driven-side") await vscode.window.tabGroups.close(tab);
    return answer;
  }

  private async newRule(given?: string): Promise<unknown> {
    if (this.model.hasNoProject) throw new Error("No project is open. Open its folder; in one without rules, Set Up This Project makes one.");
    if (!vscode.workspace.isTrusted) throw new Error("A new rule is a file that is written: trust this folder first.");
    const project = await this.project();
    if (project === undefined) return undefined;
    const id = given ?? (await vscode.window.showInputBox({
      title: "New Rule", prompt: "Its name, of which its id and its file's name are made", placeHolder: "testing or api/errors",
    }));
    if (!id) return undefined;
    return this.perform("driven.newRule", project ? { id, uri: project } : { id });
  }

  /** The project that a command without a file is about: that of the file in front, the only one, or the one chosen;
   * "" when the server is to say which. */
  private async project(): Promise<string | undefined> {
    const projects = this.model.projects.map(({ name, uri }) => ({ label: name, description: vscode.Uri.parse(uri).fsPath, uri }));
    const front = fileOf(activeUri())?.fsPath ?? "";
    const around = projects.filter((one) => front.startsWith(one.description + path.sep));
    const found = around.sort((one, other) => other.uri.length - one.uri.length)[0] ?? (projects.length === 1 ? projects[0] : undefined);
    if (found || !projects.length) return found?.uri ?? "";
    return (await vscode.window.showQuickPick(projects, { placeHolder: "In which project?" }))?.uri;
  }

  private async resolveConflicts(): Promise<void> {
    const files = this.model.conflicts;
    if (!files.length) return void vscode.window.showInformationMessage("driven: no file is in conflict.");
    const items = files.map((file) => ({ label: file.path, description: file.rules.join(", "), file }));
    const picked = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { placeHolder: "Which file?" });
    if (picked) await this.decide(picked.file);
  }

  private async decide(file: EmittedFile): Promise<void> {
    const uri = vscode.Uri.parse(file.uri);
    const picked = await vscode.window.showQuickPick([
      { label: "$(diff) Compare both sides", run: () => this.perform("driven.sides", { uri: file.uri }) as Promise<Sides> },
      { label: "$(repo) Take the rule's side", description: "the edit of this file is overwritten", run: () => this.resolve(uri, "rule") },
      { label: "$(edit) Take the edited file's side", description: "the rule, and every editor, follow it", run: () => this.resolve(uri, "edited") },
    ], { placeHolder: file.path });
    await picked?.run();
  }

  /** Told once when files come into conflict, not again while they are. */
  private noticeConflicts(): void {
    const now = this.model.status.reduce((sum, root) => sum + root.conflicts, 0);
    if (now > this.conflicts) void offerConflicts(now);
    this.conflicts = now;
  }

  private async actions(): Promise<void> {
    const running = this.server.state === "running";
    const trusted = vscode.workspace.isTrusted;
    const none = this.model.hasNoProject;
    const list: [string, string, string, boolean][] = [
      ["$(git-merge) Resolve conflicts…", "resolveConflicts", count(this.model.conflicts.length), running && trusted && this.model.conflicts.length > 0],
      ["$(rocket) Set up this project", "init", "driven init", running && trusted && none && vscode.workspace.workspaceFolders !== undefined],
      ["$(sync) Sync all editors' files", "sync", "", running && trusted && !none],
      ["$(question) Explain which rules hold for this file", "explain", "", running && fileOf(activeUri()) !== undefined],
      ["$(add) New rule…", "newRule", "", running && trusted && !none],
      ["$(shield) Trust this folder…", "trust", "until then nothing is written", !trusted],
      ["$(folder) Choose the driven program…", "choosePath", "", !running],
      ["$(debug-restart) Restart language server", "restart", "", true],
      ["$(output) Show log", "showLog", "", true],
    ];
    const items = list.filter(([, , , fits]) => fits).map(([label, command, description]) => ({ label, command, description }));
    const placeHolder = this.server.problem || this.model.status.map((root) => root.message).join(" · ") || "driven";
    const picked = await vscode.window.showQuickPick(items, { placeHolder });
    if (picked) await vscode.commands.executeCommand(picked.command === "trust" ? "workbench.trust.manage" : `driven.client.${picked.command}`);
  }

  dispose(): void {
    vscode.Disposable.from(...this.parts).dispose();
  }
}

function count(number: number): string {
  return number === 1 ? "1 file" : `${number} files`;
}

/** The file in the editor in front, also when it is no text. */
function activeUri(): vscode.Uri | undefined {
  const input: unknown = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const tab = input instanceof vscode.TabInputTextDiff ? input.modified : input instanceof vscode.TabInputCustom ? input.uri : undefined;
  return tab ?? vscode.window.activeTextEditor?.document.uri;
}

/** A command whose mistakes are told to the person, and not as a failed command. */
export function guarded(run: (argument?: unknown) => unknown): (argument?: unknown) => Promise<unknown> {
  return async (argument) => {
    try {
      return await run(argument);
    } catch (error) {
      void vscode.window.showErrorMessage(`driven: ${messageOf(error)}`);
      return undefined;
    }
  };
}
