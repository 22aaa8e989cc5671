-- SPDX-License-Identifier: Apache-2.0
-- What GitHub's workflow files and composite actions are made of: the keys of each level and the
-- kinds of their values, the contexts that an expression may name at each place, and what has no
-- meaning on one machine. Kinds: text, number, boolean, map, list, texts (a text or a list of
-- texts), word (a text that is no number), values (a mapping of plain values), scalars (a list of
-- them), named (a text or a mapping), labels (texts or a mapping), any.

local table_of = require "std.table"

local M = {}

M.workflow = { name = "text", ["run-name"] = "text", on = "any", permissions = "named",
  env = "values", defaults = "map", concurrency = "named", jobs = "map" }

M.job = { name = "text", needs = "texts", permissions = "named", ["runs-on"] = "labels",
  environment = "named", concurrency = "named", outputs = "values", env = "values",
  defaults = "map", ["if"] = "any", steps = "list", ["timeout-minutes"] = "number",
  strategy = "map",
  ["continue-on-error"] = "boolean", container = "any", services = "map" }

--- Keys of a job that calls another workflow.
M.call = { name = "text", needs = "texts", permissions = "named", concurrency = "named",
  ["if"] = "any", strategy = "map", uses = "word", with = "values", secrets = "named" }

M.strategy = { matrix = "map", ["fail-fast"] = "boolean", ["max-parallel"] = "number" }

M.step = { id = "word", ["if"] = "any", name = "text", uses = "word", run = "text",
  ["working-directory"] = "text", shell = "word", with = "values", env = "values",
  ["continue-on-error"] = "boolean", ["timeout-minutes"] = "number" }

M.service = { image = "word", env = "values", ports = "scalars", volumes = "scalars",
  options = "word", credentials = "map" }

M.defaults = { run = "map" }
M.run_defaults = { shell = "word", ["working-directory"] = "text" }

M.action = { name = "text", author = "text", description = "text", inputs = "map",
  outputs = "map", runs = "map", branding = "map" }

local FILLED <const> = { number = true, boolean = true }

--- May an expression stand in the place of a value of this kind?
function M.may_be_filled(kind, key) return FILLED[kind] or key == "env" or key == "matrix" end

local function with(names, more)
  local set = table_of.set(names)
  for _, name in ipairs(more or {}) do set[name] = true end
  return set
end

local BEFORE <const> = { "github", "needs", "vars", "inputs" }
local COMBINED <const> = { "github", "needs", "strategy", "matrix", "vars", "inputs" }
local STEP <const> = { "github", "needs", "strategy", "matrix", "job", "runner", "env", "vars",
  "steps", "inputs" }

--- Which contexts there are, by place.
M.contexts = {
  ["workflow env"] = with({ "github", "secrets", "inputs", "vars" }),
  ["job if"] = with(BEFORE),
  ["job strategy"] = with(BEFORE),
  ["job"] = with(COMBINED),
  ["job defaults"] = with(COMBINED, { "env" }),
  ["job env"] = with(COMBINED, { "secrets" }),
  ["job outputs"] = with(STEP, { "secrets" }),
  ["job services"] = with(COMBINED, { "job", "runner", "env", "secrets" }),
  ["step if"] = with(STEP),
  ["step"] = with(STEP, { "secrets" }),
  ["action step"] = with { "github", "inputs", "strategy", "matrix", "job", "runner", "env",
    "steps" },
  ["workflow outputs"] = with { "github", "jobs", "vars", "inputs" },
}

--- The place of each key of a job; what is not named has no expressions of its own.
M.job_places = { ["if"] = "job if", strategy = "job strategy", name = "job", ["runs-on"] = "job",
  ["timeout-minutes"] = "job", ["continue-on-error"] = "job", env = "job env", with = "job",
  secrets = "job env", outputs = "job outputs", services = "job services",
  container = "job services",
  defaults = "job defaults" }

--- What a workflow or a job may say, and what is not done about it here.
M.without_meaning = {
  concurrency = "concurrency has no meaning for one run on one machine",
  permissions = "permissions bind GitHub's token, there is none here",
  environment = "the environment's own secrets, variables and approvals are not asked for",
}

--- Programs of the shells; {0} is the script, `ext` its ending where the program wants one.
M.shells = {
  default = { "bash", "-e", "{0}" },
  bash = { "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "{0}" },
  sh = { "sh", "-e", "{0}" },
  python = { "python3", "{0}", ext = ".py" },
  pwsh = { "pwsh", "-command", ". '{0}'", ext = ".ps1" },
}

return M
