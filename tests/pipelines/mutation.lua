-- SPDX-License-Identifier: Apache-2.0
-- Mutation check of the samples' apps by rules (mutation.py says what it does):
--   lsqm exec tests/pipelines/mutation.lua [NAME...]
-- Without names, a few samples that together use most services. Takes about a minute per sample.
local fs = require "std.fs"
local process = require "std.process"
local python_of = require "std.python"
local store_of = require "std.store"
local terraform = require "std.terraform"
local uv = require "luv"

local HERE = uv.fs_realpath(debug.getinfo(1, "S").source:match "^@(.*)/[^/]+$" or ".")
local DEFAULT = { "alert-fanout", "contact-form", "order-intake", "config-vault" }

local function mine(workspace)
  local result = assert(process.run { argv = { uv.exepath(), "--workspace", workspace, "mine" },
    inherit = { "HOME", "LSQM_CACHE", "LSQM_PYTHON" }, timeout = 300 })
  if result.code ~= 0 then error("mine: " .. result.stderr, 0) end
  return assert(store_of.open(workspace .. "/artifacts"))
end

-- "newsletter/serverless" is also called "newsletter".
local function find(store, name)
  for _, meta in ipairs(store:architectures()) do
    if meta.name == name or meta.name:match "^[^/]*" == name then return meta end
  end
  error(("no sample '%s'"):format(name), 0)
end

-- Folders named as the samples are, for the lines that are printed.
local function roots_of(dir, names)
  local store, roots = mine(dir .. "/workspace"), {}
  for index, name in ipairs(names) do
    roots[index] = fs.join(dir, (name:gsub("/", "-")))
    assert(fs.copy(store:arch_dir(find(store, name).hash), roots[index]))
  end
  return roots
end

local function run(names)
  local dir <close> = assert(fs.tempdir "mutation-")
  local python = python_of.find()
  local tool = assert(terraform.find { home = dir.path .. "/terraform",
    cache = python_of.cache_dir() })
  local generator = ("'%s' exec '%s/generate_app.lua' {root} {app}"):format(uv.exepath(), HERE)
  local argv = { python, HERE .. "/mutation.py", "--generate", generator }
  local roots = roots_of(dir.path, names)
  table.move(roots, 1, #roots, #argv + 1, argv)
  local result = assert(process.run { argv = argv, cwd = dir.path, timeout = 600 * #names,
    env = { TF_CLI_CONFIG_FILE = tool.cli_config, TMPDIR = dir.path }, merge_output = true,
    on_output = function(_, text) io.stdout:write(text):flush() end })
  return result.code
end

local names = { ... }
return run(#names > 0 and names or DEFAULT)
