// Compile MJML from standard input to HTML on standard output: node compile.cjs PATH-OF-MJML
//
// The official command line loads twice as much as a compile needs, and loading is most of its time. What only other
// options use is loaded here when it is used, if ever.

"use strict";

const Module = require("node:module");
const fs = require("node:fs");

const SELDOM = new Set(["cssnano-preset-lite", "htmlnano", "js-beautify", "juice", "undici"]);

const load = Module._load;
Module._load = function (name, ...rest) {
  if (!SELDOM.has(name)) return load.call(this, name, ...rest);
  let found;
  const real = () => {
    found ??= load.call(this, name, ...rest);
    return found.__esModule ? found.default : found;
  };
  return new Proxy(function () {}, {
    get: (_, key) => (key === "__esModule" ? undefined : real()[key]),
    apply: (_, self, words) => real().apply(self, words),
  });
};

const options = {
  validationLevel: "strict", // without it an unknown element is dropped, and nobody hears of it
  fonts: {}, // without it Google's fonts are linked
  beautify: false,
  minify: false,
};

async function main() {
  const mjml = require(process.argv[2]);
  const source = fs.readFileSync(0, "utf8");
  if (source.includes("<mj-include")) throw new Error("mj-include is not allowed: parts are included by the templates");
  const { html } = await mjml(source, options);
  process.stdout.write(html);
}

main().catch((error) => {
  const found = (error.errors ?? []).map((each) => `line ${each.line}, ${each.tagName}: ${each.message}`);
  process.stderr.write(`${found.join("\n") || error.message}\n`);
  process.exitCode = 1;
});
