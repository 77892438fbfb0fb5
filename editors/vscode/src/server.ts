// The language server's life: it is started, told whether the folder is trusted, restarted, and asked.
import * as vscode from "vscode";
import {
  CloseAction, ErrorAction, ExecuteCommandRequest, LanguageClient, RevealOutputChannelOn, State,
  type CloseHandlerResult, type ErrorHandler, type ErrorHandlerResult, type LanguageClientOptions,
} from "vscode-languageclient/node";
import { RULE_FILES } from "./files";
import { findProgram, NoProgram, type Program } from "./program";
import type { Status } from "./protocol";

export type ServerState = "starting" | "running" | "stopped" | "missing";

const ENDED = "The language server has ended; the log says why.";

const OFTEN = 4; // ends of the server within `A_WHILE` after which it is left alone
const A_WHILE = 180_000; // milliseconds

/** A server that dies is started again. The library's own handler gives up at the first write into its closed pipe. */
class Returning implements ErrorHandler {
  private ends: number[] = [];

  error(): ErrorHandlerResult {
    return { action: ErrorAction.Continue, handled: true };
  }

  closed(): CloseHandlerResult {
    const now = Date.now();
    this.ends = [...this.ends.filter((end) => now - end < A_WHILE), now];
    return { action: this.ends.length <= OFTEN ? CloseAction.Restart : CloseAction.DoNotRestart, handled: true };
  }
}

/** A client whose troubles go to the log: what the person must know is told once, by the status bar and `setup.ts`. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

export class Server implements vscode.Disposable {
  state: ServerState = "starting";
  /** Why it is not running; one or two sentences. */
  problem = "";
  program: Program | undefined;
  /** Called for a command that the server offers, wherever it is invoked: a lens, a key, another extension. */
  perform: ((command: string, argument: unknown) => Promise<unknown>) | undefined;
  private client: LanguageClient | undefined;
  private queue: Promise<void> = Promise.resolve();
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly told = new vscode.EventEmitter<Status>();
  readonly onDidChangeState = this.changed.event;
  readonly onStatus = this.told.event;

  constructor(readonly log: vscode.LogOutputChannel) {}

  /** The process of the server that runs. */
  get pid(): number | undefined {
    return this.client?.serverProcess?.pid;
  }

  /** Starts are done one after another: a setting may change while the server is starting. */
  restart(): Promise<void> {
    this.queue = this.queue.then(async () => {
      await this.end();
      await this.begin();
    });
    return this.queue;
  }

  async dispose(): Promise<void> {
    this.queue = this.queue.then(() => this.end());
    await this.queue;
    this.changed.dispose();
    this.told.dispose();
  }

  /** The answer to a request of ours; undefined when there is no server, it does not know the request, or it failed. */
  async ask<T>(method: string, params: object, token?: vscode.CancellationToken): Promise<T | undefined> {
    if (!this.client || this.state !== "running") return undefined;
    try {
      return (await this.client.sendRequest<T>(method, params, token)) ?? undefined;
    } catch (error) {
      if (!token?.isCancellationRequested) this.log.warn(`${method}: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** The answer of a command; an error's message says what to do. */
  async execute<T>(command: string, argument?: unknown): Promise<T> {
    if (this.state === "starting") await this.queue;
    if (!this.client || this.state !== "running") throw new Error(this.problem || "The language server is starting. Try again in a moment.");
    try {
      const params = { command, arguments: argument === undefined ? [] : [argument] };
      return (await this.client.sendRequest(ExecuteCommandRequest.type, params)) as T;
    } catch (error) {
      throw new Error(messageOf(error));
    }
  }

  private async begin(): Promise<void> {
    const trusted = vscode.workspace.isTrusted;
    this.become("starting");
    try {
      this.program = await findProgram(trusted);
    } catch (error) {
      this.become("missing", messageOf(error));
      this.log.error(this.problem);
      if (error instanceof NoProgram) return;
      throw error;
    }
    const { command, version, cwd } = this.program;
    this.log.info(`driven ${version}: ${command} lsp${trusted ? "" : " (the folder is not trusted)"}`);
    const client = new QuietClient("driven", "driven", { command, args: ["lsp"], options: { cwd } }, this.options(trusted));
    client.onNotification("driven/status", (status: Status) => this.told.fire(status));
    client.onDidChangeState(({ newState }) => {
      if (this.client !== client) return;
      // It says so before its features, and the server's commands, are there; `start` waits for them.
      if (newState === State.Running) void client.start().then(() => this.started(client));
      else if (newState === State.Stopped || newState === State.StartFailed) this.become("stopped", ENDED);
      else this.become("starting");
    });
    this.client = client;
    try {
      await client.start();
      this.started(client);
    } catch (error) {
      this.become("stopped", ENDED);
      this.log.error(messageOf(error));
    }
  }

  private started(client: QuietClient): void {
    if (this.client === client && this.state !== "running") this.become("running");
  }

  private options(trusted: boolean): LanguageClientOptions {
    return {
      documentSelector: RULE_FILES,
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      errorHandler: new Returning(),
      initializationFailedHandler: () => false, // the default tells the person what only a developer understands
      initializationOptions: { trusted, status: true },
      synchronize: { configurationSection: "driven" },
      diagnosticPullOptions: { onChange: true, onSave: true, onTabs: false },
      middleware: {
        executeCommand: (command, [argument]: unknown[]) => (this.perform ?? this.execute.bind(this))(command, argument),
      },
    };
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    try {
      await client?.dispose();
    } catch (error) {
      this.log.warn(messageOf(error)); // one that did not start cannot be stopped
    }
  }

  private become(state: ServerState, problem = ""): void {
    this.state = state;
    this.problem = problem;
    this.changed.fire();
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
