// Which files the language server is told of: the rules, and the rule files of all editors.
import type { DocumentSelector } from "vscode-languageclient/node";

// The server decides by path what a file is to it (driven/document/places.py); what it does not know it ignores.
const PATTERNS = [
  "**/.driven/rules/**/*.md",
  "**/.driven/config.toml",
  "**/.cursor/{rules,commands,agents}/**/*.{md,mdc}",
  "**/{.cursorrules,.windsurfrules,.clinerules,.roorules,.rules,.goosehints}",
  "**/{CLAUDE,CLAUDE.local,AGENTS,AGENT,AGENTS.override,GEMINI,QWEN,WARP,SKILL,CONVENTIONS,global_rules}.md",
  "**/.aider.conf.{yml,yaml}",
  "**/copilot-instructions.md",
  "**/*.{instructions,prompt,agent,chatmode}.md",
  "**/.github/{instructions,prompts,agents,chatmodes}/**/*.md",
  "**/{.windsurf,.devin,.cline,.agent,.agents}/{rules,workflows}/**/*.md",
  "**/.claude/{rules,agents,commands,skills}/**/*.md",
  "**/.clinerules/**/*.{md,txt}",
  "**/{.roo,.kilo,.kilocode,.amazonq,.trae,.continue,.augment,.qwen,.aiassistant}/rules*/**/*.md",
  "**/.kiro/steering/**/*.md",
  "**/.junie/**/*.md",
];

export const RULE_FILES: DocumentSelector = PATTERNS.map((pattern) => ({ scheme: "file", pattern }));
