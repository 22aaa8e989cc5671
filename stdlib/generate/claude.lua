-- SPDX-License-Identifier: Apache-2.0
-- Apps written by Claude (FR-017 to FR-022): the prompt is the pipeline's, the budget the
-- configuration's. One repair round when the Python does not compile.

local anthropic = require "std.anthropic"
local error_of = require "std.error"
local generate = require "std.generate"
local json = require "std.json"
local python_of = require "std.python"

local M = {}

-- Names of files cannot be names of schema fields everywhere; these can.
local FIELDS <const> = { conftest_py = "conftest.py", app_py = "app.py",
  test_app_py = "test_app.py", requirements_txt = "requirements.txt" }
local ORDER <const> = { "conftest_py", "app_py", "test_app_py", "requirements_txt" }

local REQUIRED <const> = { "boto3", "pytest", "pytest-json-report", "pytest-timeout" }

local INPUT_MAX <const> = 200 * 1024 -- bytes of Terraform; more would not leave room to answer
local OUTPUT_MIN <const> = 1000      -- tokens; an app cannot be shorter
local BYTES_PER_TOKEN <const> = 3    -- guessed low, so that the estimate is rather too high

local function schema()
  local properties = {}
  for _, field in ipairs(ORDER) do
    properties[field] = { type = "string", description = "the content of " .. FIELDS[field] }
  end
  return { type = "object", properties = properties, required = json.array { table.unpack(ORDER) },
    additionalProperties = false }
end

local function failure(code, message)
  return nil, error_of.new { op = "generate", code = code, message = message }
end

-- The tests run in an environment made from this file, so what runs them must be in it.
local function complete_requirements(text)
  local have, lines = {}, {}
  for line in text:gmatch("[^\r\n]+") do
    lines[#lines + 1] = line
    local name = line:match("^%s*([%w._-]+)")
    if name then have[name:lower():gsub("[._]", "-")] = true end
  end
  for _, name in ipairs(REQUIRED) do
    if not have[name] then lines[#lines + 1] = name end
  end
  return table.concat(lines, "\n") .. "\n"
end

local function count_tests(app)
  return select(2, ("\n" .. app["test_app.py"]):gsub("\n[ \t]*def test_", ""))
end

local function app_of(value)
  local app = {}
  for _, field in ipairs(ORDER) do
    local text = value[field]
    if type(text) ~= "string" or not text:find("%S") then
      return failure("invalid", "the answer has no " .. FIELDS[field])
    end
    app[FIELDS[field]] = text
  end
  if count_tests(app) == 0 then return failure("invalid", "the answer has no test") end
  app["requirements.txt"] = complete_requirements(app["requirements.txt"])
  return app
end

local function terraform_text(ctx, meta)
  local files, err = generate.read_dir(ctx.store:arch_dir(meta.hash))
  if not files then return nil, err end
  local names, parts, size = {}, {}, 0
  for name, text in pairs(files) do
    names[#names + 1] = name
    size = size + #text
  end
  if size > INPUT_MAX then
    return failure("invalid", ("%d bytes of Terraform, at most %d can be asked about")
      :format(size, INPUT_MAX))
  end
  table.sort(names)
  for _, name in ipairs(names) do
    parts[#parts + 1] = ("--- %s\n%s"):format(name, files[name])
  end
  return table.concat(parts, "\n")
end

local Writer = {}
Writer.__index = Writer

-- The budget before a call: what the answer may use, or nil when too little is left.
function Writer:room(messages)
  local bytes = #self.prompt.system
  for _, message in ipairs(messages) do bytes = bytes + #message.content end
  local left = self.budget - self.used - bytes // BYTES_PER_TOKEN
  if left < OUTPUT_MIN then
    return failure("limit", ("token budget: %d of %d used"):format(self.used, self.budget))
  end
  return math.min(self.client.max_tokens, left)
end

function Writer:spend(usage, spent)
  self.used = self.used + anthropic.total(usage)
  spent.input = spent.input + usage.input + usage.cache_write + usage.cache_read
  spent.output = spent.output + usage.output
end

function Writer:ask(messages, spent)
  local room, err = self:room(messages)
  if not room then return nil, err end
  local answer
  answer, err = self.client:ask { system = self.prompt.system, messages = messages,
    schema = schema(), max_tokens = room }
  local usage = answer and answer.usage or err.usage
  if usage then self:spend(usage, spent) end
  if not answer then return nil, err end
  spent.model = answer.model or spent.model
  return app_of(answer.value)
end

-- A second question with the compiler's words, when the first answer does not compile.
function Writer:repaired(app, messages, spent)
  local ok, problem = python_of.check_syntax(self.python, app)
  if ok then return app end
  if problem.code ~= "syntax" then return nil, problem end
  local told = ("%s:%s: %s"):format(problem.file, problem.line, problem.message)
  messages[2] = { role = "assistant", content = json.encode {
    conftest_py = app["conftest.py"], app_py = app["app.py"],
    test_app_py = app["test_app.py"], requirements_txt = app["requirements.txt"] } }
  messages[3] = { role = "user", content = self.prompt.repair(told) }
  spent.repaired = true
  return self:ask(messages, spent)
end

--- Writes the app of one architecture.
---@param meta table
---@return table<string, string>? files
---@return table facts_or_err  facts for generated_at.json; err.code "limit": the budget is spent
function Writer:make(meta)
  local text, err = terraform_text(self.ctx, meta)
  if not text then return nil, err end
  local messages = json.array { { role = "user", content = self.prompt.user(meta, text) } }
  local spent = { input = 0, output = 0, model = self.client.model }
  local app
  app, err = self:ask(messages, spent)
  if app then app, err = self:repaired(app, messages, spent) end
  self.ctx.log:info("asked claude", { arch = meta.hash, input_tokens = spent.input,
    output_tokens = spent.output, used = self.used, budget = self.budget })
  if not app then return nil, err end
  return app, { model_used = spent.model, input_tokens = spent.input,
    output_tokens = spent.output, prompt_version = self.prompt.version,
    tests = count_tests(app), repaired = spent.repaired }
end

--- A writer with the run's budget.
---@param ctx lsqm.Context
---@return table? writer, table? err
function M.new(ctx)
  local config = ctx.config
  local prompt = ctx.load "prompts.generate"
  for name, kind in pairs { version = "string", system = "string", user = "function",
    repair = "function" } do
    if type(prompt[name]) ~= kind then
      error(("prompts.generate: %s must be a %s"):format(name, kind), 0)
    end
  end
  return setmetatable({
    ctx = ctx, prompt = prompt, used = 0, budget = config.token_budget, python = config.python,
    client = anthropic.new { api_key = config.anthropic_api_key,
      base_url = config.anthropic.base_url, model = config.anthropic.model,
      max_tokens = config.anthropic.max_tokens },
  }, Writer)
end

return M
