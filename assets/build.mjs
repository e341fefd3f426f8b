// Builds what pages need into ../crates/web/dist: one sheet, our script and the components' script, two faces of the font,
// the icons that are used, the mark. Nothing else is shipped. No network: `npm ci` fetched everything by the lockfile.
//
// To use one more icon: add its Lucide name to ICONS.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const dist = join(here, "../crates/web/dist");

const ICONS = [
  "arrow-right", "bell", "building", "calendar", "check", "circle", "circle-check", "circle-user", "clock", "download", "eye-off",
  "file-text", "flag", "flask-conical", "history", "house", "info", "list-checks", "lock", "log-in", "log-out", "phone",
  "plus", "printer", "search", "shield-check", "sprout", "tablet", "triangle-alert", "users", "x",
];

// The folder itself stays: the build script of `web` watches it.
mkdirSync(dist, { recursive: true });
for (const old of ["fonts", "holdfast.css", "holdfast.js", "help.js", "ring.js", "components.js", "icons.svg", "mark.svg", "LICENCES.txt"]) {
  rmSync(join(dist, old), { recursive: true, force: true });
}
mkdirSync(join(dist, "fonts"));

for (const face of ["400-normal", "700-normal", "400-italic"]) {
  for (const script of ["latin", "latin-ext"]) {
    const name = `atkinson-hyperlegible-${script}-${face}.woff2`;
    cpSync(join(modules, "@fontsource/atkinson-hyperlegible/files", name), join(dist, "fonts", name));
  }
}

const symbols = ICONS.map((name) => {
  const svg = readFileSync(join(modules, "lucide-static/icons", `${name}.svg`), "utf8");
  const inside = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
  return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${inside.replace(/\s+/g, " ").trim()}</symbol>`;
});
writeFileSync(join(dist, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
cpSync(join(here, "marks/mark.svg"), join(dist, "mark.svg"));

const components = readFileSync(join(modules, "govuk-frontend/dist/govuk/govuk-frontend.min.js"), "utf8");
writeFileSync(join(dist, "components.js"), components.replace(/\n\/\/# sourceMappingURL=.*\n?$/, "\n"));
for (const script of ["holdfast.js", "ring.js"]) cpSync(join(here, "scripts", script), join(dist, script));
// The child's button sounds the same on the gateway's page, which carries it within.
cpSync(join(here, "../crates/gateway/templates/help.js"), join(dist, "help.js"));

const licences = [
  ["GOV.UK Frontend (MIT)", "govuk-frontend/LICENSE.txt"],
  ["Lucide (ISC)", "lucide-static/LICENSE"],
  ["Atkinson Hyperlegible (SIL OFL 1.1)", "@fontsource/atkinson-hyperlegible/LICENSE"],
].map(([what, file]) => {
  let text;
  try {
    text = readFileSync(join(modules, file), "utf8");
  } catch {
    text = `See package ${file.split("/")[0]}.`;
  }
  return `${what}\n\n${text}`;
});
writeFileSync(join(dist, "LICENCES.txt"), licences.join("\n\n----\n\n"));

// Last: the build script takes this file as the sign that everything is there.
const sheet = sass.compile(join(here, "styles/holdfast.scss"), {
  style: "compressed",
  loadPaths: [modules],
  quietDeps: true,
  charset: false,
});
writeFileSync(join(dist, "holdfast.css"), sheet.css);
console.log(`holdfast.css ${(sheet.css.length / 1024).toFixed(0)} KB, ${ICONS.length} icons -> crates/web/dist`);
