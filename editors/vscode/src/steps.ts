// The walkthrough ticks its steps off by itself: what was done is told to VS Code in a way that it cannot miss.
//
// VS Code reads a context key when it becomes true. A key that is true already when VS Code reads the walkthrough, which
// may be long after our server started, is noted as seen and ticks nothing (so in 1.91 and in 1.139). So a key of ours is
// true for a moment only: when its step is done, and again whenever the walkthrough may have come into view.
import * as vscode from "vscode";
import type { Model } from "./model";
import type { Server } from "./server";

type Step = "program" | "project" | "save" | "here";

// Milliseconds. VS Code may wait 5 s for its own services before it knows of a walkthrough that it shows.
const TIMES = [0, 1_000, 6_000];
const RULE = /\/\.driven\/rules\/.+\.md$/;

export class Steps implements vscode.Disposable {
  private readonly done = new Set<Step>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly parts: vscode.Disposable[];

  constructor(server: Server, model: Model, here: vscode.TreeView<unknown>) {
    const look = () => {
      if (server.state === "running") this.finish("program");
      if (model.projects.length) this.finish("project");
      if (here.visible) this.finish("here");
    };
    this.parts = [
      server.onDidChangeState(look),
      model.onDidChange(look),
      here.onDidChangeVisibility(look),
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        if (uri.scheme === "file" && RULE.test(uri.path)) this.finish("save");
      }),
      // The page of a walkthrough is a tab of a kind that extensions are not told.
      vscode.window.tabGroups.onDidChangeTabs(({ opened, changed }) => {
        if ([...opened, ...changed].some((tab) => tab.isActive && tab.input === undefined)) this.tell([...this.done]);
      }),
    ];
    look();
  }

  private finish(step: Step): void {
    if (this.done.has(step)) return;
    this.done.add(step);
    this.tell([step]);
  }

  private tell(steps: Step[]): void {
    for (const time of TIMES) {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        for (const step of steps) void pulse(`driven.did.${step}`);
      }, time);
      this.timers.add(timer);
    }
  }

  dispose(): void {
    for (const timer of this.timers) clearTimeout(timer);
    vscode.Disposable.from(...this.parts).dispose();
  }
}

async function pulse(key: string): Promise<void> {
  await vscode.commands.executeCommand("setContext", key, true);
  await vscode.commands.executeCommand("setContext", key, false);
}
