// Bundles what pages and widgets run into ../static: `node build.mjs`, after `npm ci`. Python reads the bundles as they
// are; a test compares the digest in the first line of each with its sources.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const ENTRIES = [
  { name: "planar", format: "iife" },
  { name: "solid", format: "iife" },
  { name: "widget", format: "esm" },
  { name: "explorer", format: "iife" },
  { name: "film", format: "iife" },
].filter(({ name }) => existsSync(`${name}.ts`));

/** The digest of own sources, by name and content; packages are pinned by the lock file among them. */
const digest = (names) => {
  const hash = createHash("sha256");
  for (const name of names) hash.update(`${name}\0`).update(readFileSync(name)).update("\0");
  return hash.digest("hex");
};

const licences = new Map();
for (const { name, format } of ENTRIES) {
  const { outputFiles, metafile } = await build({
    entryPoints: [`${name}.ts`],
    bundle: true,
    minify: true,
    format,
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    loader: { ".css": "text" },
    write: false,
    metafile: true,
    preserveSymlinks: true,
  });
  const inputs = Object.keys(metafile.inputs).sort();
  const sources = [...inputs.filter((input) => !input.includes("node_modules/")), "package-lock.json"];
  for (const input of inputs) {
    const [, library] = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input) ?? [];
    if (library) licences.set(library, readFileSync(`node_modules/${library}/LICENSE`, "utf8").trim());
  }
  const head = `/* polyrelu: ${sources.join(" ")} sha256:${digest(sources)}; licences: LICENSES.txt beside this file */\n`;
  writeFileSync(`../static/${name}.js`, head + outputFiles[0].text);
  console.log(`${name}.js ${head.length + outputFiles[0].text.length}`);
}
const parts = [...licences].sort().map(([library, text]) => `${library}\n${"=".repeat(library.length)}\n\n${text}\n`);
writeFileSync("../static/LICENSES.txt", parts.join("\n\n"));
