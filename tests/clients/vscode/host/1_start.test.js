// The extension starts by itself in a folder with rules, finds the server, and says so when it does not.
const { assert, driven, setting, until, vscode } = require("./kit.js");

const COMMANDS = [
  "sync", "explain", "openEmitted", "openRule", "compareSides", "takeRule", "takeEdited", "resolveConflicts", "adopt", "fixAll", "newRule",
  "init", "actions", "restart", "showLog", "debugInfo", "choosePath", "installHelp", "walkthrough", "refresh",
];

module.exports = {
  "the extension is active without being asked": async () => {
    const extension = vscode.extensions.getExtension("driven.driven");
    await until("activation", () => extension.isActive);
  },

  "the server runs": async () => {
    await until("the server", () => driven().server.state === "running" || driven().server.state === "missing");
    assert.equal(driven().server.state, "running", driven().server.problem);
    assert.match(driven().server.program.version, /^\d+\.\d+/);
  },

  "every command of the palette is there, and the server's own": async () => {
    const all = new Set(await vscode.commands.getCommands(true));
    for (const name of COMMANDS) assert.ok(all.has(`driven.client.${name}`), name);
    const { contributes } = vscode.extensions.getExtension("driven.driven").packageJSON;
    for (const { command } of contributes.commands) assert.ok(all.has(command), command);
    for (const name of ["sync", "explain", "sides", "resolveConflict", "debugInfo"]) assert.ok(all.has(`driven.${name}`), name);
  },

  "a server command answers": async () => {
    const info = await vscode.commands.executeCommand("driven.debugInfo", {});
    assert.equal(info.version, driven().server.program.version);
    assert.equal(info.encoding, "utf-16");
    assert.equal(info.roots.length, 1);
  },

  "the status bar says how it stands": async () => {
    await until("a status", () => driven().model.status.length === 1);
    await until("an end of the waiting", () => !driven().statusBar.text.includes("loading"));
    assert.ok(driven().statusBar.tooltip.value.includes("driven"));
    assert.equal(driven().statusBar.command, "driven.client.actions");
  },

  "a program that is not there is told, and the way back works": async () => {
    await setting("path", "/nowhere/bin/driven");
    await until("the missing program", () => driven().server.state === "missing");
    assert.match(driven().server.problem, /`\/nowhere\/bin\/driven`.*is not a program/);
    assert.equal(driven().statusBar.text, "$(error) driven: not found");
    assert.deepEqual(driven().rules(), []);
    await setting("path", "no-such-driven");
    await until("the other message", () => /`no-such-driven`.*not on PATH/.test(driven().server.problem));
    await setting("path", undefined);
    await until("the server again", () => driven().server.state === "running");
  },

  "a program that does not run says why": async () => {
    await setting("path", process.env.DRIVEN_TEST_OLD_PYTHON);
    await until("the missing program", () => driven().server.state === "missing" && driven().server.problem.includes("does not run"));
    assert.match(driven().server.problem, /driven needs Python 3\.11 or later/);
    await setting("path", process.env.DRIVEN_TEST_NO_PYTHON);
    await until("its Python", () => /its Python is gone/.test(driven().server.problem));
    await setting("path", undefined);
    await until("the server again", () => driven().server.state === "running");
  },

  "a restart gives a new server with all its commands": async () => {
    const states = [];
    const listener = driven().server.onDidChangeState(() => states.push(driven().server.state));
    await vscode.commands.executeCommand("driven.client.restart");
    listener.dispose();
    assert.ok(states.includes("starting"), states.join());
    assert.equal(driven().server.state, "running");
    assert.ok((await vscode.commands.executeCommand("driven.debugInfo", {})).version);
  },

  "a server that was killed is started again": async () => {
    const { pid } = driven().server;
    process.kill(pid, "SIGKILL");
    await until("another process", () => driven().server.state === "running" && driven().server.pid && driven().server.pid !== pid);
    assert.ok((await vscode.commands.executeCommand("driven.debugInfo", {})).version);
    await until("a status", () => driven().model.status.length === 1);
  },

  "a server that cannot live is given up": async () => {
    await setting("path", process.env.DRIVEN_TEST_DYING);
    await until("the end", () => driven().server.state === "stopped" && /has ended/.test(driven().server.problem));
    await until("the status bar", () => driven().statusBar.text === "$(debug-disconnect) driven: stopped");
    await assert.rejects(driven().server.execute("driven.sync"), /has ended/);
    await setting("path", undefined);
    await until("the server again", () => driven().server.state === "running");
  },
};
