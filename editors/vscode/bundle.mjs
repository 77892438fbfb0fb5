// Bundles the extension and the language client into `bundle/extension.js`, the licences of what is in it beside it.
import * as esbuild from "esbuild";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const watch = process.argv.includes("--watch");
const options = {
  entryPoints: ["src/extension.ts"],
  outfile: "bundle/extension.js",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node20",
  mainFields: ["module", "main"], // the JSON parser's other form asks for its parts by computed names
  external: ["vscode"],
  minify: !watch,
  sourcemap: watch,
  metafile: true,
};

if (watch) {
  await (await esbuild.context(options)).watch();
} else {
  const { metafile } = await esbuild.build(options);
  const inside = Object.keys(metafile.inputs).map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  const notices = [...new Set(inside.filter(Boolean))].sort().map((folder) => {
    const licence = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
    if (!licence) throw new Error(`${folder} has no licence`);
    return `${folder.split("node_modules/").at(-1)}\n\n${readFileSync(`${folder}/${licence}`, "utf8").trim()}\n`;
  });
  writeFileSync("bundle/NOTICES.txt", notices.join(`\n${"-".repeat(80)}\n\n`));
}
