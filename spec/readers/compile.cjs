// Compiles ../edb.ksy with the Kaitai Struct compiler.
//
//   node compile.cjs LANGUAGE OUTDIR [0.10]   writes the generated reader into OUTDIR
//   node compile.cjs --all                    compiles for every target of both compilers, writes nothing
//   node compile.cjs --json                   prints the grammar as JSON
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const yaml = require("js-yaml");

// "0.11" is the reference; Debian's Python runtime is of 0.10.
const compilers = {
  "0.11": () => require("kaitai-struct-compiler"),
  "0.10": () => new (require("kaitai-struct-compiler-0.10"))(),
};

const grammar = () => yaml.load(fs.readFileSync(path.join(__dirname, "..", "edb.ksy"), "utf8"));
const importer = { importYaml: (name) => Promise.reject(new Error(`edb.ksy imports nothing, not ${name}`)) };
const describe = (error) => (error instanceof Error ? error.message : String(error));

async function compileAll() {
  let failures = 0;
  for (const [version, load] of Object.entries(compilers)) {
    const compiler = load();
    const targets = version === "0.11" ? compiler.languages : ["python"];
    for (const language of targets) {
      try {
        const files = await compiler.compile(language, grammar(), importer, false);
        console.log(`${version} ${language}: ${Object.keys(files).join(" ")}`);
      } catch (error) {
        failures++;
        console.log(`${version} ${language}: FAILED: ${describe(error)}`);
      }
    }
  }

  return failures;
}

async function compile(language, directory, version) {
  const files = await compilers[version]().compile(language, grammar(), importer, false);
  fs.mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    fs.writeFileSync(path.join(directory, name), text);
  }
}

async function main([first, directory, version = "0.11"]) {
  if (first === "--json") {
    console.log(JSON.stringify(grammar()));
    return 0;
  }

  if (first === "--all") {
    return compileAll();
  }

  if (!first || !directory || !(version in compilers)) {
    console.error("usage: node compile.cjs LANGUAGE OUTDIR [0.10|0.11] | --all | --json");
    return 2;
  }

  await compile(first, directory, version);
  return 0;
}

main(process.argv.slice(2)).then(
  (code) => { process.exitCode = code; },
  (error) => { console.error(describe(error)); process.exitCode = 1; });
