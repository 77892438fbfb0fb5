// Finds the `driven` program and asks its version; never takes one out of a folder that is not trusted.
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as vscode from "vscode";

export interface Program {
  command: string;
  version: string;
  /** Where it runs: in an untrusted folder elsewhere, since version managers read files of the current folder. */
  cwd: string;
}

/** There is no program to start; the message says why, and what to do, in one or two sentences. */
export class NoProgram extends Error {}

const PYTHON = "driven needs Python 3.11 or later.";
const PATIENCE = 30_000; // milliseconds: the first start after an installation compiles, on a slow disk

export async function findProgram(trusted: boolean): Promise<Program> {
  const command = locate(trusted);
  const cwd = (trusted && vscode.workspace.workspaceFolders?.find((f) => f.uri.scheme === "file")?.uri.fsPath) || os.homedir();
  return { command, version: await version(command, cwd), cwd };
}

function locate(trusted: boolean): string {
  const wanted = vscode.workspace.getConfiguration("driven").get<string>("path", "").trim();
  if (wanted === "" || isBareName(wanted)) {
    const found = search(wanted || "driven", trusted);
    if (found) return found;
    if (wanted) throw new NoProgram(`\`${wanted}\`, named by the setting \`driven.path\`, is not on PATH.`);
    throw new NoProgram("The `driven` program was not found on PATH. Install it, or say where it is.");
  }
  const file = fill(wanted);
  if (!isProgram(file)) throw new NoProgram(`\`${file}\`, named by the setting \`driven.path\`, is not a program.`);
  if (!trusted && isInWorkspace(file)) {
    throw new NoProgram(`\`${file}\` stands in a folder that is not trusted, so it is not started. Trust the folder, or name another program.`);
  }
  return file;
}

function isBareName(text: string): boolean {
  return !text.includes("/") && !text.includes(path.sep) && !text.startsWith("~") && !text.includes("${");
}

/** `~`, `${workspaceFolder}` and a relative path, filled in. */
function fill(text: string): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? os.homedir();
  const home = text.replace(/^~(?=$|[\\/])/, os.homedir());
  return path.resolve(folder, home.replaceAll("${workspaceFolder}", folder).replaceAll("${userHome}", os.homedir()));
}

/** On PATH, and in a trusted folder's own environment. A relative entry of PATH would mean the current folder. */
function search(name: string, trusted: boolean): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter).filter((entry) => path.isAbsolute(entry));
  if (trusted) {
    const bin = process.platform === "win32" ? "Scripts" : "bin";
    for (const folder of vscode.workspace.workspaceFolders ?? []) folders.push(path.join(folder.uri.fsPath, ".venv", bin));
  }
  for (const folder of folders) {
    for (const ending of process.platform === "win32" ? [".exe", ".cmd", ""] : [""]) {
      const file = path.join(folder, name + ending);
      if (isProgram(file) && (trusted || !isInWorkspace(file))) return file;
    }
  }
  return undefined;
}

function isProgram(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

function isInWorkspace(file: string): boolean {
  const real = [file, fs.realpathSync(file)];
  return (vscode.workspace.workspaceFolders ?? []).some((folder) => {
    const roots = [folder.uri.fsPath];
    if (fs.existsSync(folder.uri.fsPath)) roots.push(fs.realpathSync(folder.uri.fsPath));
    return roots.some((root) => real.some((one) => !path.relative(root, one).startsWith("..") && !path.isAbsolute(path.relative(root, one))));
  });
}

/** What `driven --version` says. A program that cannot start says so here, and not as a server that died. */
function version(command: string, cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, ["--version"], { cwd, timeout: PATIENCE, windowsHide: true }, (error, stdout, stderr) => {
      const said = /^driven (\S+)/m.exec(stdout)?.[1];
      if (!error && said) return resolve(said);
      const last = stderr.trim().split("\n").at(-1)?.trim() ?? "";
      const missing = (error as NodeJS.ErrnoException | null)?.code === "ENOENT";
      if (missing) {
        // The script is there, and what its first line names is not.
        reject(new NoProgram(`\`${command}\` does not start: its Python is gone. Install driven again. ${PYTHON}`));
      } else if (error) {
        reject(new NoProgram(`\`${command}\` does not run: ${last || error.message} ${/python|error|traceback/i.test(stderr) ? PYTHON : ""}`.trim()));
      } else {
        reject(new NoProgram(`\`${command}\` is not driven: asked for its version, it said something else.`));
      }
    });
  });
}
