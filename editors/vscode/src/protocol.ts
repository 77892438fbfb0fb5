// What `driven lsp` says beyond the standard: its commands, its own requests, its one notification, and what they carry.

export interface RootStatus {
  uri: string;
  name: string;
  state: "looking" | "clean" | "drift" | "held" | "conflict" | "error" | "untrusted" | "none";
  rules: number;
  editors: string[];
  drift: number;
  conflicts: number;
  /** Rules with a mistake: the editors' files keep their last good form. */
  held?: number;
  problems: number;
  /** One line, for a tooltip. */
  message: string;
}

/** `driven/status`, from the server whenever it changes. */
export interface Status {
  roots: RootStatus[];
}

export interface EmittedFile {
  path: string;
  uri: string;
  rules: string[];
  characters: number;
  state: "same" | "drift" | "conflict";
}

export interface Loss {
  rule: string;
  reason: string;
  kind: string;
}

export interface EditorTree {
  name: string;
  title: string;
  enabled: boolean;
  drift: number;
  conflicts: number;
  characters: number;
  /** The most characters the editor reads; 0 when it does not say. */
  limit: number;
  files: EmittedFile[];
  losses: Loss[];
}

export interface RuleInfo {
  id: string;
  title: string;
  uri: string;
  activation: "always" | "paths" | "model" | "manual";
  detail: string;
  editors: string[];
  active: boolean;
  tokens: number;
  /** Why its last good form is shown, and stays in the files; "" for a rule without a mistake. */
  held?: string;
  /** The files that are in conflict with it. */
  conflicts?: string[];
}

export interface RootTree {
  uri: string;
  name: string;
  digest: string;
  editors: EditorTree[];
  rules: RuleInfo[];
}

/** `driven/tree`. */
export interface Tree {
  roots: RootTree[];
}

export interface RuleHere {
  id: string;
  title: string;
  verdict: "always" | "match" | "model" | "manual" | "no" | "off";
  why: string;
  pattern?: string | null;
  file?: string | null;
  fileUri?: string | null;
  ruleUri?: string | null;
  characters: number;
  losses: string[];
  held?: string;
}

export interface EditorHere {
  name: string;
  title: string;
  tokens: number;
  /** False: an estimate. */
  exact: boolean;
  rules: RuleHere[];
}

/** `driven/rulesHere` of a file; null outside a project. */
export interface RulesHere {
  path: string;
  root: string;
  editors: EditorHere[];
}

export interface DrvRule {
  id: string;
  title: string;
  description: string;
  activation: string;
  detail: string;
  kind: string;
  category: string;
  priority: number | string;
  targets: string[];
  tags: string[];
  body: string;
}

/** `driven/drv` of a `.drv` file. */
export interface Drv {
  path: string;
  /** Why it cannot be read; "" when it can. */
  problem: string;
  version: string;
  digest: string;
  signature: { state: "unsigned" | "signed" | "damaged"; text: string };
  sections: { name: string; bytes: number }[];
  rules: DrvRule[];
}

/** `driven.sync`, `driven.resolveConflict`, `driven.adopt`. */
export interface Synced {
  written: string[];
  conflicts: string[];
  problems: string[];
  seconds: number;
  message: string;
}

/** `driven.sides`: both sides of an emitted file, and what was written last. */
export interface Sides {
  path: string;
  /** Of the file: a rule may have been asked about. */
  uri?: string;
  rule: string;
  edited: string;
  base: string | null;
}

export interface Emitted {
  files: { path: string; uri: string; editor: string; title: string }[];
}

export interface Rules {
  /** `line` counts from 0. */
  rules: { id: string; uri: string; line: number }[];
}

export interface Fixed {
  changed: string[];
  left: number;
  unsafe?: number;
}

export interface Explained {
  markdown: string;
  path: string;
  /** `rules for src/a.ts`, or `rule api` of a rule's own file. */
  title: string;
}

/** `driven.matches`: the files that the globs of a rule match, at most 1,000 of `count`. */
export interface Matched {
  files: { path: string; uri: string }[];
  count: number;
  message: string;
}

/** `driven.import`: the rules that were made of an editor's file, and what to do next. */
export interface ImportedRules {
  rules: string[];
  uris: string[];
  message: string;
}

/** `driven.explainCode`: why a finding is one. */
export interface ExplainedCode {
  markdown: string;
  code: string;
}
