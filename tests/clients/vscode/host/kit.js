// What the tests in the extension host share: the extension, the folder, waiting for a condition, documents.
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");

const PATIENCE = 1000 * Number(process.env.DRIVEN_HOST_PATIENCE || 30); // milliseconds: a machine that others share may be slow
const root = vscode.workspace.workspaceFolders[0].uri.fsPath;

/** The first true answer of `look`; when none comes, `more` says what is known. */
async function until(what, look, more = () => "") {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const answer = await look();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`waited ${PATIENCE / 1000} s in vain for ${what} ${await more()}`);
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

const file = (name) => vscode.Uri.file(path.join(root, name));
const read = (name) => (fs.existsSync(path.join(root, name)) ? fs.readFileSync(path.join(root, name), "utf8") : "");
const write = (name, text) => fs.writeFileSync(path.join(root, name), text);

async function open(name) {
  const document = await vscode.workspace.openTextDocument(file(name));
  await vscode.window.showTextDocument(document, { preview: false });
  return document;
}

async function replace(document, old, text) {
  const at = document.getText().indexOf(old);
  assert.ok(at >= 0, `${old} in ${document.uri.path}`);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(document.positionAt(at), document.positionAt(at + old.length)), text);
  assert.ok(await vscode.workspace.applyEdit(edit));
}

/** Saves, or waits for the save that is under way: code-server saves by itself after a second. */
async function save(document) {
  await until(`a save of ${document.uri.path}`, async () => (await document.save()) || !document.isDirty);
}

/** Where `text` begins in the document, `more` characters on. */
function place(document, text, more = 0) {
  const at = document.getText().indexOf(text);
  assert.ok(at >= 0, `${text} in ${document.uri.path}`);
  return document.positionAt(at + more);
}

const codeOf = (diagnostic) => String(diagnostic.code?.value ?? diagnostic.code);
const problems = (uri) => vscode.languages.getDiagnostics(uri);
const labels = (nodes) => nodes.map((node) => node.label);
const setting = (name, value) => vscode.workspace.getConfiguration("driven").update(name, value, vscode.ConfigurationTarget.Global);

/** What the extension shows tests. */
const driven = () => vscode.extensions.getExtension("driven.driven").exports;

module.exports = { assert, codeOf, driven, file, fs, labels, open, path, place, problems, read, replace, root, save, setting, until, vscode, write };
