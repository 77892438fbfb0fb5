// Documents that are no files: an explanation, one side of a conflict, what the server says of itself.
import * as vscode from "vscode";

export const SIDE = "driven-side";
export const PAGE = "driven-page";

export class Pages implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly parts: vscode.Disposable[];
  readonly onDidChange = this.changed.event;

  constructor() {
    this.parts = [
      vscode.workspace.registerTextDocumentContentProvider(SIDE, this),
      vscode.workspace.registerTextDocumentContentProvider(PAGE, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.texts.delete(uri.toString())),
    ];
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? "";
  }

  /** A page whose name is the last part of `name`; the same name again replaces its text. */
  page(name: string, text: string): vscode.Uri {
    return this.put(vscode.Uri.from({ scheme: PAGE, path: `/${name}` }), text);
  }

  /** One side of a file: `what` is shown as its folder, the file itself is remembered in the address. Its path goes
   * on as the file's does, by which VS Code knows the language. */
  side(what: string, file: vscode.Uri, text: string): vscode.Uri {
    const name = vscode.workspace.asRelativePath(file, false);
    return this.put(vscode.Uri.from({ scheme: SIDE, path: `/${what}/${name}`, query: file.toString() }), text);
  }

  private put(uri: vscode.Uri, text: string): vscode.Uri {
    const old = this.texts.get(uri.toString());
    this.texts.set(uri.toString(), text);
    if (old !== undefined && old !== text) this.changed.fire(uri);
    return uri;
  }

  dispose(): void {
    this.changed.dispose();
    vscode.Disposable.from(...this.parts).dispose();
  }
}

/** The file that a document is about: itself, or the one that it shows a side of. */
export function fileOf(uri: vscode.Uri | undefined): vscode.Uri | undefined {
  return uri?.scheme === SIDE ? vscode.Uri.parse(uri.query) : uri?.scheme === "file" ? uri : undefined;
}
