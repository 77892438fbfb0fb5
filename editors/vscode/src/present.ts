// Shows what a command of the server answered: a page, a comparison, a list to choose from, a line.
import * as path from "node:path";
import * as vscode from "vscode";
import type { Pages } from "./pages";
import type { Emitted, Explained, ExplainedCode, Fixed, ImportedRules, Matched, Rules, Sides, Synced } from "./protocol";
import { count } from "./statusBar";

const SHORTLY = 6000; // milliseconds that a line stays in the status bar

export async function present(pages: Pages, command: string, answer: unknown, argument: unknown): Promise<void> {
  const uri = (argument as { uri?: string; editor?: string } | undefined)?.uri;
  switch (command) {
    case "driven.sync":
    case "driven.resolveConflict":
    case "driven.adopt":
      return synced(answer as Synced);
    case "driven.explain":
      return explained(pages, answer as Explained);
    case "driven.explainCode":
      return void (await vscode.commands.executeCommand("markdown.showPreviewToSide", codePage(pages, answer as ExplainedCode)));
    case "driven.openEmitted":
      return choose((answer as Emitted).files.map((file) => ({ label: file.title, description: file.path, uri: file.uri, line: 0 })), "Which editor's file?", argument);
    case "driven.matches":
      return matched(answer as Matched, argument);
    case "driven.import":
      return imported(answer as ImportedRules);
    case "driven.openRule":
      return choose((answer as Rules).rules.map((rule) => ({ label: rule.id, uri: rule.uri, line: rule.line })), "Which rule?", argument);
    case "driven.sides":
      if (uri) await compared(pages, vscode.Uri.parse((answer as Sides).uri ?? uri), answer as Sides);
      return;
    case "driven.fixAll":
      return fixed(answer as Fixed);
    case "driven.newRule":
      await vscode.window.showTextDocument(vscode.Uri.parse((answer as { uri: string }).uri));
      return;
    case "driven.debugInfo":
      await vscode.window.showTextDocument(pages.page("driven.json", `${JSON.stringify(answer, null, 2)}\n`));
  }
}

async function synced(answer: Synced): Promise<void> {
  if (answer.problems.length) {
    const picked = await vscode.window.showWarningMessage(`driven: ${answer.message} ${answer.problems[0]}`, "Show Problems");
    if (picked) await vscode.commands.executeCommand("workbench.actions.view.problems");
  } else if (answer.conflicts.length) {
    await offerConflicts(answer.conflicts.length);
  } else {
    vscode.window.setStatusBarMessage(`driven: ${answer.message}`, SHORTLY);
  }
}

export async function offerConflicts(number: number): Promise<void> {
  const text = `driven: ${count(number, "file")} ${number === 1 ? "is" : "are"} in conflict. Nothing is written of ${number === 1 ? "its rule" : "their rules"} until you decide.`;
  if (await vscode.window.showWarningMessage(text, "Resolve…")) await vscode.commands.executeCommand("driven.client.resolveConflicts");
}

async function explained(pages: Pages, answer: Explained): Promise<void> {
  const name = answer.title.startsWith("rule ") ? answer.title.replaceAll("/", "-") : `Rules for ${path.posix.basename(answer.path)}`;
  const page = pages.page(`${name}.md`, answer.markdown);
  await vscode.commands.executeCommand("markdown.showPreviewToSide", page);
}

function codePage(pages: Pages, answer: ExplainedCode): vscode.Uri {
  return pages.page(`${answer.code}.md`, answer.markdown);
}

/** The server itself opens the one file that there is; of several, the person chooses. */
async function choose(items: (vscode.QuickPickItem & { uri: string; line: number })[], question: string, argument: unknown): Promise<void> {
  if (items.length === 0) vscode.window.setStatusBarMessage("driven: there is none", SHORTLY);
  if (items.length < 2 || (argument as { editor?: string } | undefined)?.editor) return;
  const picked = await vscode.window.showQuickPick(items, { placeHolder: question, matchOnDescription: true });
  if (!picked) return;
  const at = new vscode.Position(picked.line, 0);
  await vscode.window.showTextDocument(vscode.Uri.parse(picked.uri), { selection: new vscode.Range(at, at) });
}

/** The files that the globs of a rule match; the server itself opens the one. */
async function matched(answer: Matched, argument: unknown): Promise<void> {
  if (!answer.files.length) return void vscode.window.setStatusBarMessage(`driven: ${answer.message}`, SHORTLY);
  const rest = answer.count > answer.files.length ? `, the first ${answer.files.length} of ${answer.count}` : "";
  await choose(answer.files.map((file) => ({ label: file.path, uri: file.uri, line: 0 })), `Files that match${rest}`, argument);
}

async function imported(answer: ImportedRules): Promise<void> {
  const picked = await vscode.window.showInformationMessage(`driven: ${answer.message}`, ...(answer.rules.length ? ["Sync"] : []));
  if (picked) await vscode.commands.executeCommand("driven.client.sync");
}

async function compared(pages: Pages, file: vscode.Uri, sides: Sides): Promise<void> {
  const rule = pages.side("the rule's side", file, sides.rule);
  const edited = pages.side("the edited file's side", file, sides.edited);
  await vscode.commands.executeCommand("vscode.diff", rule, edited, `${path.posix.basename(sides.path)}: the rule's side ↔ the edited file's side`);
}

function fixed(answer: Fixed): void {
  const left = answer.left ? `, ${count(answer.left, "problem")} left` : "";
  const unsafe = answer.unsafe ? `, ${answer.unsafe} of them with an unsafe quick fix: the file may mean something else then` : "";
  vscode.window.setStatusBarMessage(`driven: ${answer.changed.length ? "fixed" : "nothing to fix"}${left}${unsafe}`, SHORTLY);
}
