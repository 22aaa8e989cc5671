-- SPDX-License-Identifier: Apache-2.0
-- Test apps written by Claude: the question from an architecture's Terraform and metadata, four
-- files from the answer, and one round of repair with what was wrong with them. The answer is as
-- little trusted as the template that it grew out of: names, packages and syntax are checked.

local anthropic = require "std.anthropic"
local error_of = require "std.error"
local generate = require "std.generate"
local json = require "std.json"
local python_of = require "std.python"
local sha256 = require "std.sha256"

local M = {}

-- A schema's members cannot be named like files everywhere; these can.
local FIELDS <const> = { conftest_py = "conftest.py", app_py = "app.py",
  test_app_py = "test_app.py", requirements_txt = "requirements.txt" }
local ORDER <const> = { "conftest_py", "app_py", "test_app_py", "requirements_txt" }

local NEEDED <const> = { "boto3", "pytest", "pytest-json-report", "pytest-timeout" }
local PACKAGES <const> = { boto3 = true, botocore = true, pytest = true,
  ["pytest-json-report"] = true, ["pytest-timeout"] = true }
local MAX_TERRAFORM <const> = 300000
local MAX_FILE <const> = 200000
local ROUNDS <const> = 2
local CALLS_UNTIL_CACHED <const> = 3

local function schema()
  local properties = {}
  for _, field in ipairs(ORDER) do
    properties[field] = { type = "string", description = "the content of " .. FIELDS[field] }
  end
  return { type = "object", properties = properties, required = json.array { table.unpack(ORDER) },
    additionalProperties = false }
end

-- prompts ----------------------------------------------------------------------------------------

local PROMPTS <const> = { system = "string", user = "function", repair = "function" }

-- A prompt is {version = text, text = string or function}: the user's file may shadow ours.
local function load_prompts(ctx)
  local prompts, versions = {}, {}
  for name, kind in pairs(PROMPTS) do
    local prompt = ctx.load("prompts." .. name)
    if type(prompt) ~= "table" or type(prompt.version) ~= "string" or type(prompt.text) ~= kind then
      error(("prompts.%s: a table with version (a string) and text (a %s) expected"):format(name,
        kind), 0)
    end
    prompts[name] = prompt.text
    versions[#versions + 1] = name .. "-" .. prompt.version
  end
  table.sort(versions)
  prompts.version = table.concat(versions, " ")
  return prompts
end

-- What the user prompt gets. The boundary depends on all of the content, so no file can name it.
local function description(meta, files)
  local paths, all = {}, {}
  for path in pairs(files) do paths[#paths + 1] = path end
  table.sort(paths)
  local list = {}
  for index, path in ipairs(paths) do
    list[index] = { path = path, text = files[path] }
    all[#all + 1] = path .. "\0" .. files[path]
  end
  return { name = meta.name or meta.hash, services = meta.services or {},
    resource_count = meta.resource_count, files = list,
    boundary = sha256.string(table.concat(all, "\0")):sub(1, 16) }
end

-- answers ----------------------------------------------------------------------------------------

local function bad(text, ...)
  return nil, error_of.new { op = "claude", code = "invalid", message = text:format(...) }
end

-- Packages by name only: no options, no addresses. What runs the tests is added where it is not
-- named, because they run in an environment that is made from this file.
local function complete_requirements(text)
  local have, lines = {}, {}
  for line in text:gmatch "[^\r\n]+" do
    local entry = line:gsub("#.*$", ""):match "^%s*(.-)%s*$"
    local name, rest = entry:match "^([%w._-]+)%s*(.*)$"
    name = name and name:lower():gsub("[._]", "-")
    if entry ~= "" and not (name and PACKAGES[name] and rest:match "^[%s%d.,<>=!~*]*$") then
      return bad("requirements.txt: '%s' is not one of the packages that apps may use",
        line:sub(1, 60))
    end
    if entry ~= "" then
      have[name] = true
      lines[#lines + 1] = entry
    end
  end
  for _, name in ipairs(NEEDED) do
    if not have[name] then lines[#lines + 1] = name end
  end
  return table.concat(lines, "\n") .. "\n"
end

local function check_content(files)
  for _, field in ipairs(ORDER) do
    local name = FIELDS[field]
    local text = files[name]
    if type(text) ~= "string" then return bad("no %s", name) end
    if #text > MAX_FILE then return bad("%s has %d bytes", name, #text) end
  end
  if not ("\n" .. files["test_app.py"]):find "\n%s*def test_" then
    return bad "test_app.py has no test function"
  end
  local code = files["conftest.py"] .. files["app.py"]
  if not code:find("AWS_ENDPOINT_URL", 1, true) and not code:find("LOCALSTACK_ENDPOINT", 1, true)
  then
    return bad "conftest.py does not take the endpoint from AWS_ENDPOINT_URL"
  end
  return true
end

-- The four files of an answer, or what is wrong with it.
local function read_app(text, python)
  local answer, err = json.decode(text, { file = "answer" })
  if type(answer) ~= "table" then
    return bad("the answer is not a JSON object: %s", tostring(err))
  end
  local files = {}
  for field, content in pairs(answer) do
    if not FIELDS[field] then return bad("unknown file '%s'", tostring(field):sub(1, 60)) end
    files[FIELDS[field]] = content
  end
  local ok
  ok, err = check_content(files)
  if not ok then return nil, err end
  files["requirements.txt"], err = complete_requirements(files["requirements.txt"])
  if not err then ok, err = python_of.check_syntax(python, files) end
  if err or not ok then return nil, err end
  return files
end

local function count_tests(text)
  local count = 0
  for _ in ("\n" .. text):gmatch "\n[ \t]*def test_" do count = count + 1 end
  return count
end

-- writer -----------------------------------------------------------------------------------------

---@class generate.Writer
---@field budget anthropic.Budget
local Writer = {}
Writer.__index = Writer

---@param ctx lsqm.Context
---@param options {sleep: function|nil}|nil how to pause between attempts
---@return generate.Writer|nil
---@return lsqm.Error|nil
function M.new(ctx, options)
  local config = ctx.config
  local budget = anthropic.budget(config.token_budget)
  local client, err = anthropic.new { api_key = config.anthropic_api_key, budget = budget,
    base_url = config.anthropic.base_url, model = config.anthropic.model,
    sleep = options and options.sleep }
  if not client then return nil, err end
  return setmetatable({ ctx = ctx, client = client, budget = budget,
    prompts = load_prompts(ctx), calls = 0, cache_read = 0 }, Writer)
end

local function user_turn(text) return { role = "user", content = text } end

local function first_turn(self, meta)
  local files, err = generate.read_dir(self.ctx.store:arch_dir(meta.hash))
  if not files then return nil, err end
  local size = 0
  for _, text in pairs(files) do size = size + #text end
  if size == 0 then return bad "the architecture has no Terraform files" end
  if size > MAX_TERRAFORM then
    return nil, error_of.new { op = "claude", code = "unsupported",
      message = ("%d bytes of Terraform; at most %d are sent"):format(size, MAX_TERRAFORM) }
  end
  return user_turn(self.prompts.user(description(meta, files)))
end

-- A prompt that changes from call to call is never cached, which costs ten times as much.
local function watch_cache(self, usage)
  self.calls = self.calls + 1
  self.cache_read = self.cache_read + usage.cache_read
  if self.calls == CALLS_UNTIL_CACHED and self.cache_read == 0 then
    self.ctx.log:warn("the system prompt is not cached: too short for this model, or not the "
      .. "same in every call")
  end
end

-- An error that every further call would meet is kept, and answered without a call.
local function ask(self, meta, messages)
  local answer, err = self.client:message { system = self.prompts.system, messages = messages,
    schema = schema(), max_tokens = self.ctx.config.anthropic.max_tokens }
  if not answer then
    if err.code == "denied" or err.code == "not_found" then self.broken = err end
    return nil, err
  end
  watch_cache(self, answer.usage)
  self.ctx.log:info("claude answered", { arch = meta.hash, usage = answer.usage,
    budget_used = self.budget.used, request_id = answer.request_id })
  return answer
end

local function add_usage(facts, answer)
  facts.model_used = answer.model
  facts.input_tokens = facts.input_tokens + answer.usage.input
  facts.output_tokens = facts.output_tokens + answer.usage.output
  facts.cache_read_tokens = facts.cache_read_tokens + answer.usage.cache_read
  facts.cache_write_tokens = facts.cache_write_tokens + answer.usage.cache_write
end

local function is_repairable(err) return err.code == "syntax" or err.code == "invalid" end

--- Has an app written.
---@param meta table the architecture's metadata
---@return table<string, string>|nil files the four files of an app
---@return table facts_or_err model_used, input_tokens, output_tokens, prompt_version, tests, …;
--- or the error: code "limit" when the budget is spent, "rejected" for no usable answer
function Writer:make(meta)
  if self.broken then return nil, self.broken end
  local turn, err = first_turn(self, meta)
  if not turn then return nil, err end
  local messages = { turn }
  local facts = { input_tokens = 0, output_tokens = 0, cache_read_tokens = 0,
    cache_write_tokens = 0, prompt_version = self.prompts.version }
  for round = 1, ROUNDS do
    local answer, files
    answer, err = ask(self, meta, messages)
    if not answer then return nil, err end
    add_usage(facts, answer)
    files, err = read_app(answer.text, self.ctx.config.python)
    if files then
      facts.rounds, facts.tests = round, count_tests(files["test_app.py"])
      return files, facts
    end
    if not is_repairable(err) then return nil, err end
    messages[#messages + 1] = { role = "assistant",
      content = answer.text ~= "" and answer.text or "(nothing)" }
    messages[#messages + 1] = user_turn(self.prompts.repair(tostring(err)))
  end
  return nil, err
end

return M
