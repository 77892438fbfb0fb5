// The page of a `.drv` file. What stands in the file may come from anywhere: all of it is escaped, and nothing is loaded.
import type { Drv, DrvRule } from "./protocol";
import { SCRIPT, STYLE } from "./drvLook";

const INTEGRITY = { unsigned: "○", signed: "✓", damaged: "✗" } as const;

/** HTML of what the server read, or of why there is nothing; `nonce` lets the page's own style and script run alone. */
export function drvPage(name: string, drv: Drv | string, nonce: string): string {
  const body = typeof drv === "string" ? note("problem", drv) : drv.problem ? note("problem", drv.problem) : content(drv);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'">
<title>${escape(name)}</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<header><h1>${escape(name)}</h1>${typeof drv === "string" || drv.problem ? "" : header(drv)}</header>
${body}
<script nonce="${nonce}">${SCRIPT}</script>
</body>
</html>`;
}

function header(drv: Drv): string {
  const state = drv.signature.state in INTEGRITY ? drv.signature.state : "damaged";
  return `<p class="integrity ${state}"><span aria-hidden="true">${INTEGRITY[state]}</span> ${escape(drv.signature.text)}</p>
<dl><dt>Rules</dt><dd>${drv.rules.length}</dd><dt>Format</dt><dd>${escape(drv.version)}</dd><dt>Digest</dt><dd><code>${escape(drv.digest)}</code></dd></dl>`;
}

function content(drv: Drv): string {
  const whole = drv.sections.reduce((sum, section) => sum + section.bytes, 0);
  const sections = drv.sections.map(({ name, bytes }) =>
    `<tr><td>${escape(name)}</td><td class="number">${bytes.toLocaleString("en")}</td><td><meter min="0" max="${whole}" value="${bytes}"></meter></td></tr>`);
  return `<main>
<div class="filter"><input id="filter" type="search" placeholder="Filter rules by id, title, tag or text" aria-label="Filter rules"><span id="count" role="status">${drv.rules.length} of ${drv.rules.length}</span></div>
${drv.rules.map(rule).join("\n") || note("empty", "It holds no rule.")}
</main>
<details class="sections"><summary>Sections <span class="quiet">${drv.sections.length}, ${whole.toLocaleString("en")} bytes</span></summary>
<table><thead><tr><th>Section</th><th class="number">Bytes</th><th></th></tr></thead><tbody>${sections.join("")}</tbody></table></details>`;
}

function rule(rule: DrvRule): string {
  const facts: [string, string][] = [
    ["Kind", rule.kind], ["Category", rule.category], ["Priority", String(rule.priority)], ["Editors", rule.targets.join(", ") || "all"],
  ];
  const needle = [rule.id, rule.title, rule.description, rule.detail, ...rule.tags, rule.body].join(" ").toLowerCase();
  return `<details class="rule" data-text="${escape(needle)}">
<summary><code class="id">${escape(rule.id)}</code> <span class="title">${escape(rule.title)}</span> <span class="badge">${escape(rule.activation)}</span> <span class="quiet">${escape(rule.detail)}</span></summary>
<div class="inside">${rule.description ? `<p>${escape(rule.description)}</p>` : ""}
<p class="facts">${facts.filter(([, value]) => value).map(([name, value]) => `<span>${name} <b>${escape(value)}</b></span>`).join(" ")}
${rule.tags.map((tag) => `<span class="badge">${escape(tag)}</span>`).join(" ")}</p>
<pre>${escape(rule.body)}</pre></div></details>`;
}

function note(kind: string, text: string): string {
  return `<p class="note ${kind}">${escape(text)}</p>`;
}

export function escape(text: unknown): string {
  const named: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return String(text ?? "").replace(/[&<>"']/g, (character) => named[character] ?? "");
}
