// The extension's face: builds its parts when VS Code asks for it, and ends them with the window.
import * as vscode from "vscode";
import { Commands } from "./commands";
import { DrvEditor } from "./drvEditor";
import { HereView } from "./hereView";
import { Model } from "./model";
import type { Node } from "./node";
import { Pages } from "./pages";
import { RulesView } from "./rulesView";
import { Server } from "./server";
import { registerSetup } from "./setup";
import { StatusBar } from "./statusBar";
import { Steps } from "./steps";

/** What tests look at; not meant for other extensions. */
export interface Exports {
  server: Server;
  model: Model;
  statusBar: vscode.StatusBarItem;
  rules(): Node[];
  here(): Promise<Node[]>;
  drv(): string;
}

let running: Server | undefined;

export function activate(context: vscode.ExtensionContext): Exports {
  const log = vscode.window.createOutputChannel("driven", { log: true });
  const server = (running = new Server(log));
  const model = new Model(server);
  const pages = new Pages();
  const statusBar = new StatusBar(server, model);
  const rules = new RulesView(model);
  const here = new HereView(server, model);
  const [drv, drvRegistered] = DrvEditor.register(server);
  const commands = new Commands(server, model, pages);
  const steps = new Steps(server, model, here.view);
  context.subscriptions.push(log, pages, statusBar, rules, here, drvRegistered, commands, registerSetup(context, server), steps, model);
  void server.restart();
  return {
    server,
    model,
    statusBar: statusBar.item,
    rules: () => rules.nodes.getChildren(),
    here: async () => (await here.load(), here.nodes.getChildren()),
    drv: () => drv.shown,
  };
}

/** VS Code waits for this: the server is asked to end, not killed. */
export async function deactivate(): Promise<void> {
  await running?.dispose();
  running = undefined;
}
