// Style and script of the page of a `.drv` file: colours of the person's theme, and the filter box.

export const STYLE = `
body { max-width: 60rem; margin: 0 auto; padding: 1.5rem 2rem 3rem; line-height: 1.5;
  font: var(--vscode-font-size) var(--vscode-font-family); color: var(--vscode-foreground); background: var(--vscode-editor-background); }
h1 { margin: 0 0 .25rem; font-size: 1.6em; font-weight: 600; }
header { border-bottom: 1px solid var(--vscode-panel-border); padding-bottom: .75rem; margin-bottom: 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .5rem 0 0; }
dt, .quiet { color: var(--vscode-descriptionForeground); } dd { margin: 0; overflow-wrap: anywhere; }
code, pre { font-family: var(--vscode-editor-font-family); font-size: .95em; }
.integrity { margin: .25rem 0; } .integrity.signed { color: var(--vscode-testing-iconPassed); }
.integrity.damaged, .note.problem { color: var(--vscode-errorForeground); }
.note { padding: .75rem 0; }
.filter { position: sticky; top: 0; display: flex; gap: 1rem; align-items: center; padding: .5rem 0; background: var(--vscode-editor-background); }
.filter input { flex: 1; padding: .35rem .5rem; color: var(--vscode-input-foreground); background: var(--vscode-input-background);
  border: 1px solid var(--vscode-input-border, var(--vscode-panel-border)); border-radius: 3px; font: inherit; }
input:focus, summary:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: -1px; }
#count { color: var(--vscode-descriptionForeground); white-space: nowrap; }
summary { cursor: pointer; padding: .35rem .5rem; border-radius: 3px; overflow-wrap: anywhere; }
summary:hover { background: var(--vscode-list-hoverBackground); }
.id { color: var(--vscode-textLink-foreground); background: none; } .title { margin: 0 .35rem; }
.badge { padding: .05rem .45rem; border-radius: 9px; font-size: .85em; color: var(--vscode-badge-foreground); background: var(--vscode-badge-background); }
.inside { margin: .25rem 0 .75rem 1.35rem; } .inside p { margin: .35rem 0; }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; color: var(--vscode-descriptionForeground); } .facts b { font-weight: 600; color: var(--vscode-foreground); }
pre { padding: .75rem 1rem; margin: .5rem 0; white-space: pre-wrap; overflow-wrap: anywhere; border-radius: 3px; background: var(--vscode-textCodeBlock-background); }
.sections { margin-top: 1.25rem; border-top: 1px solid var(--vscode-panel-border); padding-top: .5rem; }
table { border-collapse: collapse; margin: .25rem 0 0 1.35rem; } td, th { padding: .15rem 1rem .15rem 0; text-align: left; font-weight: normal; }
th { color: var(--vscode-descriptionForeground); } .number { text-align: right; font-variant-numeric: tabular-nums; } meter { width: 10rem; }
.hidden { display: none; }
`;

export const SCRIPT = `
const box = document.getElementById("filter"), rules = [...document.querySelectorAll(".rule")];
const filter = () => {
  const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const rule of rules) {
    const fits = words.every((word) => rule.dataset.text.includes(word));
    rule.classList.toggle("hidden", !fits);
    shown += fits;
  }
  document.getElementById("count").textContent = shown + " of " + rules.length;
};
if (box) {
  const acquired = acquireVsCodeApi();
  box.value = (acquired.getState() || {}).filter || "";
  box.addEventListener("input", () => { acquired.setState({ filter: box.value }); filter(); });
  filter();
}
`;
