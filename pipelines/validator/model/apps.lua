-- SPDX-License-Identifier: Apache-2.0
-- SampleApp: written by rules or by Claude, held to its rules, kept in cache/apps/{content_hash}/.

local error_of = require "std.error"
local fs = require "std.fs"
local generate = require "std.generate"
local json = require "std.json"
local package_of = require "std.generate.package"
local place_of = require "pipelines.validator.model.place"
local python_of = require "std.python"
local tables = require "std.table"
local time = require "std.time"

local M = {}

M.SOURCES = { "src/__init__.py", "src/clients.py", "src/operations.py" }
M.TESTS = { "tests/conftest.py", "tests/test_integration.py" }
M.REQUIREMENTS = { "boto3", "pytest", "pytest-json-report" }
M.RULES_VERSION = "rules-1.0"

local function bad(text)
  return nil, error_of.new { op = "sample app", code = "invalid", message = text }
end

local function names_of(requirements)
  local names = {}
  for _, line in ipairs(requirements) do
    local name = line:match "^[%w._-]+"
    if name then names[name:lower():gsub("[._]", "-")] = true end
  end
  return names
end

--- Does a record keep its schema and the document's rules?
---@return boolean|nil
---@return lsqm.Error|nil
function M.check(app)
  local ok, err = place_of.contracts.check("sample_app", app)
  if not ok then return nil, err end
  for _, name in ipairs(M.SOURCES) do
    if not app.source_code[name] then return bad("no " .. name) end
  end
  for _, name in ipairs(M.TESTS) do
    if not app.test_code[name] then return bad("no " .. name) end
  end
  local names = names_of(app.requirements)
  for _, name in ipairs(M.REQUIREMENTS) do
    if not names[name] then return bad("requirements lack " .. name) end
  end
  return true
end

local function lines_of(text)
  local list = json.array {}
  for line in text:gmatch "[^\r\n]+" do
    if line:find "%S" and not line:find "^%s*#" then list[#list + 1] = line end
  end
  return list
end

--- The record of a package's files; nothing of it is compiled yet.
---@param arch table
---@param files table<string, string> see std.generate.package
---@param facts {prompt_version: string|nil, input_tokens: integer, output_tokens: integer}
function M.record(arch, files, facts)
  local app = { architecture_id = arch.id, source_code = {}, test_code = {},
    requirements = lines_of(files["requirements.txt"]), compile_status = "pending",
    generated_at = time.iso(), prompt_version = facts.prompt_version or M.RULES_VERSION,
    token_usage = (facts.input_tokens or 0) + (facts.output_tokens or 0) }
  for name, text in pairs(files) do
    if name:find "^src/" then app.source_code[name] = text end
    if name:find "^tests/" then app.test_code[name] = text end
  end
  return app
end

--- Compiles all Python files as `python -m py_compile` does, without writing what that gives.
---@param python string|nil configured interpreter
function M.compile(app, python)
  local ok, err = python_of.check_syntax(python, tables.merge(app.source_code, app.test_code))
  app.compile_status = ok and "success" or "failed"
  app.compile_errors = not ok and tostring(err) or nil
  return ok, err
end

--- Writes an app whole: its metadata last. One that breaks a rule raises.
---@param arch table
---@return boolean|nil
---@return lsqm.Error|nil
function M.save(place, arch, app)
  local ok, err = M.check(app)
  if not ok then error(err, 2) end
  local dir, record = place:app_dir(arch.content_hash), {}
  ok, err = fs.remove(dir)
  for name, text in pairs(tables.merge(app.source_code, app.test_code)) do
    if ok then
      fs.mkdir(fs.dirname(fs.join(dir, name)))
      ok, err = fs.write(fs.join(dir, name), text)
    end
  end
  if ok then
    ok, err = fs.write(fs.join(dir, "requirements.txt"),
      table.concat(app.requirements, "\n") .. "\n")
  end
  if not ok then return nil, err end
  for key, value in pairs(app) do
    if key ~= "source_code" and key ~= "test_code" then record[key] = value end
  end
  return place:write(fs.join(dir, "metadata.json"), "sample_app_file", record)
end

--- Is there an app of this content that compiled? Its metadata.
---@return table|nil
function M.load(place, arch)
  local path = fs.join(place:app_dir(arch.content_hash), "metadata.json")
  if arch.content_hash == "" or not fs.exists(path) then return nil end
  local record = place:read(path, "sample_app_file")
  return record and record.compile_status == "success" and record or nil
end

local function by_rules(stock, arch)
  local files, err = generate.read_dir(stock.store:arch_dir(arch.content_hash))
  if not files then return nil, err end
  local app, info = generate.generate { files = files, rules = stock.rules "tests" }
  if app then return app, { input_tokens = 0, output_tokens = 0 } end
  return nil, error_of.new { op = "generate", code = "unsupported",
    message = info.message or "no rule covers " .. table.concat(info.uncovered, ", ") }
end

--- How apps are written: fn(architecture) → four files and facts, or nil and an error (code
--- "limit": the token budget is spent).
---@param stock table see model.stock
---@param list table[] architectures
---@return function|nil
---@return lsqm.Error|nil
function M.writer(stock, list)
  local config = stock.config
  local wanted = config.generator == "claude"
    or config.generator == "auto" and config.anthropic_api_key ~= nil
  if not wanted then return function(arch) return by_rules(stock, arch) end end
  if not config.anthropic_api_key then
    return nil, error_of.new { op = "generate", code = "unavailable",
      message = "generator is 'claude' and ANTHROPIC_API_KEY is not set" }
  end
  local metas = {}
  local function meta_of(arch)
    return { hash = arch.content_hash, name = arch.id, services = arch.metadata.services,
      resource_count = arch.metadata.resource_count }
  end
  for i, arch in ipairs(list) do metas[i] = meta_of(arch) end
  local writer, err = require("std.generate.claude").new(stock, metas)
  if not writer then return nil, err end
  return function(arch) return writer:make(meta_of(arch)) end
end

--- Makes one architecture's app and keeps it; one that does not compile is kept with its
--- compile_errors, where there is no better one.
---@return table|nil app
---@return lsqm.Error|nil
function M.make(stock, place, arch, write)
  local files, facts = write(arch)
  if not files then return nil, facts end
  local app = M.record(arch, package_of.of(files), facts)
  local compiled, why = M.compile(app, stock.config.python)
  if not compiled and why.code ~= "syntax" then return nil, why end -- nobody tried to compile it
  local ok, err = M.check(app)
  if ok and (compiled or not M.load(place, arch)) then ok, err = M.save(place, arch, app) end
  if not compiled then return nil, why end
  if not ok then return nil, err end
  return app
end

return M
