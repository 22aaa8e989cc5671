// SPDX-License-Identifier: Apache-2.0
// Run once after the packages are installed: description.json keeps the endpoints of
// endpoints.txt and what they refer to; the package's own descriptions (450 MB) are removed.
"use strict";
const fs = require("fs");
const path = require("path");

const home = process.argv[2];
const generated = path.join(home, "node_modules/@octokit/openapi/generated");
const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

const wanted = fs.readFileSync(path.join(__dirname, "endpoints.txt"), "utf8").split("\n")
  .filter((line) => line && !line.startsWith("#"))
  .map((line) => line.split(" "));

const whole = JSON.parse(fs.readFileSync(path.join(generated, "api.github.com.json"), "utf8"));
const cut = { openapi: whole.openapi, info: whole.info, servers: whole.servers, paths: {},
  components: {} };

for (const [method, route] of wanted) {
  const from = whole.paths[route];
  if (!from || !from[method.toLowerCase()]) throw new Error(`not described: ${method} ${route}`);
  const to = cut.paths[route] = cut.paths[route] || {};
  for (const key of Object.keys(from)) {
    if (!METHODS.includes(key)) to[key] = from[key];
  }
  to[method.toLowerCase()] = from[method.toLowerCase()];
}

// Every component that something kept refers to, until nothing new turns up.
function keep(value) {
  if (Array.isArray(value)) return value.forEach(keep);
  if (value === null || typeof value !== "object") return undefined;
  const match = typeof value.$ref === "string" && /^#\/components\/(\w+)\/(.+)$/.exec(value.$ref);
  if (match) {
    const [, kind, name] = match;
    const group = cut.components[kind] = cut.components[kind] || {};
    if (!(name in group)) {
      group[name] = whole.components[kind][name];
      keep(group[name]);
    }
  }
  return Object.values(value).forEach(keep);
}
keep(cut.paths);

// The server's validator takes "nullable" beside a "type" only, and lets everything pass where it
// cannot read a schema. Alternatives get null as one more of them, which is what is meant; the
// server itself adds it to the empty list of values.
const NULL = { type: "string", nullable: true, enum: [] };

function respell(value) {
  if (value === null || typeof value !== "object") return;
  for (const entry of Object.values(value)) respell(entry);
  if (value.nullable !== true || value.type) return;
  delete value.nullable;
  const { oneOf, anyOf, allOf } = value;
  if (oneOf) oneOf.push(NULL);
  else if (anyOf) anyOf.push(NULL);
  else if (allOf) {
    delete value.allOf;
    value.anyOf = [{ allOf }, NULL];
  }
}
respell(cut);

const description = path.join(home, "description.json");
fs.writeFileSync(description, JSON.stringify(cut));

// No schema may be left that the validator would skip without a word.
const modules = path.join(home, "node_modules");
const { getHttpOperationsFromSpec } =
  require(path.join(modules, "@stoplight/prism-http/dist/utils/operations"));
const Ajv = require(path.join(modules, "ajv")).default;
const addFormats = require(path.join(modules, "ajv-formats")).default;

function compile(operation, where, schema) {
  if (!schema) return;
  const ajv = new Ajv({ allowUnionTypes: true, strict: false, logger: false });
  addFormats(ajv);
  try {
    ajv.compile({ ...schema, __bundled__: operation.__bundled__ });
  } catch (error) {
    throw new Error(`${operation.method} ${operation.path} ${where}: ${error.message}`);
  }
}

async function check() {
  for (const operation of await getHttpOperationsFromSpec(description)) {
    const body = (operation.request || {}).body || {};
    for (const content of body.contents || []) compile(operation, "request", content.schema);
    for (const response of operation.responses) {
      for (const content of response.contents || []) {
        compile(operation, response.code, content.schema);
      }
    }
  }
  for (const name of fs.readdirSync(generated)) fs.rmSync(path.join(generated, name));
}

check().catch((error) => {
  process.stderr.write(`error: ${error.message}\n`);
  process.exit(1);
});
