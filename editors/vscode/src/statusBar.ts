// The item in the status bar: whether all is well, how many files are to be written or in conflict, what is held back.
import * as vscode from "vscode";
import type { Model } from "./model";
import type { Server } from "./server";

export class StatusBar implements vscode.Disposable {
  readonly item = vscode.window.createStatusBarItem("driven.status", vscode.StatusBarAlignment.Left, 10);
  private readonly parts: vscode.Disposable[];

  constructor(private readonly server: Server, private readonly model: Model) {
    this.item.name = "driven";
    this.item.command = "driven.client.actions";
    this.parts = [model.onDidChange(() => this.draw())];
    this.draw();
    this.item.show();
  }

  private draw(): void {
    const [text, colour] = this.face();
    this.item.text = text;
    this.item.backgroundColor = colour && new vscode.ThemeColor(`statusBarItem.${colour}Background`);
    const tip = new vscode.MarkdownString("", true);
    for (const line of this.lines()) tip.appendText(line).appendMarkdown("\n\n");
    this.item.tooltip = tip;
    this.item.accessibilityInformation = { label: ["driven", ...this.lines()].join(". "), role: "button" };
  }

  private face(): [string, ("error" | "warning")?] {
    if (this.server.state === "missing") return ["$(error) driven: not found", "error"];
    if (this.server.state === "stopped") return ["$(debug-disconnect) driven: stopped", "warning"];
    if (this.server.state === "starting") return ["$(loading~spin) driven"];
    const { projects } = this.model;
    const drift = projects.reduce((sum, root) => sum + root.drift, 0);
    const conflicts = projects.reduce((sum, root) => sum + root.conflicts, 0);
    const held = projects.reduce((sum, root) => sum + (root.held ?? 0), 0);
    const news = [conflicts ? count(conflicts, "conflict") : "", drift ? `${drift} to write` : "", held ? `${held} held back` : ""];
    const said = `driven: ${news.filter(Boolean).join(", ")}${this.where()}`;
    if (projects.some((root) => root.state === "untrusted")) return ["$(shield) driven: restricted"];
    if (conflicts) return [`$(git-merge) ${said}`, "warning"];
    if (projects.some((root) => root.state === "error")) return [`$(warning) driven: cannot sync${this.where()}`, "error"];
    if (held) return [`$(warning) ${said}`];
    if (drift) return [`$(sync) ${said}`];
    if (this.model.isWaiting) return ["$(loading~spin) driven"];
    return projects.length ? ["$(check) driven"] : ["$(circle-slash) driven"];
  }

  /** Of several projects, the one that the news are about. */
  private where(): string {
    const quiet = ["clean", "untrusted"];
    const loud = this.model.projects.filter((root) => !quiet.includes(root.state) || root.held);
    return this.model.projects.length > 1 && loud.length === 1 && loud[0] ? ` (${loud[0].name})` : "";
  }

  private lines(): string[] {
    if (this.server.problem) return [this.server.problem];
    const roots = this.model.status.map((root) => (this.model.status.length > 1 ? `${root.name}: ${root.message}` : root.message));
    if (this.model.hasNoProject && !roots.length) roots.push("No folder is open.");
    return [...roots, this.server.program ? `driven ${this.server.program.version}` : "starting"];
  }

  dispose(): void {
    this.item.dispose();
    vscode.Disposable.from(...this.parts).dispose();
  }
}

export function count(number: number, what: string): string {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}
