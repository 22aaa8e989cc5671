-- SPDX-License-Identifier: Apache-2.0
-- Test apps written by Claude: the question from an architecture's Terraform and metadata, four
-- files from the answer, and one round of repair with what the compiler or pytest said of them.

local answers = require "std.generate.answers"
local anthropic = require "std.anthropic"
local batches = require "std.anthropic.batches"
local error_of = require "std.error"
local generate = require "std.generate"
local mask = require "std.mask"
local python_of = require "std.python"
local schema_index = require "std.generate.schema_index"
local sha256 = require "std.sha256"
local tables = require "std.table"

local M = {}

local MAX_TERRAFORM <const> = 300000
local ROUNDS <const> = 2
local CALLS_UNTIL_CACHED <const> = 3

-- prompts ----------------------------------------------------------------------------------------

local PROMPTS <const> = { system = "string", user = "function", repair = "function" }

-- A prompt is {version = text, text = string or function}: the user's file may shadow ours.
local function load_prompts(ctx)
  local prompts, versions = { text = {} }, {}
  for name, kind in pairs(PROMPTS) do
    local prompt = ctx.load("prompts." .. name)
    if type(prompt) ~= "table" or type(prompt.version) ~= "string" or type(prompt.text) ~= kind then
      error(("prompts.%s: a table with version (a string) and text (a %s) expected"):format(name,
        kind), 0)
    end
    prompts.text[name] = prompt.text
    versions[#versions + 1] = name .. "-" .. prompt.version
  end
  table.sort(versions)
  prompts.version = table.concat(versions, " ")
  return prompts
end

-- What the user prompt gets. The boundary depends on all of the content, so no file can name it.
local function description(meta, files)
  local list, all = {}, {}
  for path, text in tables.sorted_pairs(files) do
    list[#list + 1] = { path = path, text = text }
    all[#all + 1] = path .. "\0" .. text
  end
  return { name = meta.name or meta.hash, services = meta.services or {},
    resource_count = meta.resource_count, files = list,
    boundary = sha256.string(table.concat(all, "\0")):sub(1, 16) }
end

-- writer -----------------------------------------------------------------------------------------

---@class generate.Writer
---@field budget anthropic.Budget
---@field version string  of the prompts
local Writer = {}
Writer.__index = Writer

local function bad(text)
  return nil, error_of.new { op = "claude", code = "invalid", message = text }
end

--- The version of the prompts that apps are written with now.
---@param ctx lsqm.Context
---@return string
function M.version(ctx) return load_prompts(ctx).version end

--- A writer of apps for the architectures of a list. What all of them have in common is asked in
--- the same words each time, and cached.
---@param ctx lsqm.Context
---@param list table[] metadata of the architectures, in their order
---@param options {sleep: function|nil}|nil how to pause between attempts
---@return generate.Writer|nil
---@return lsqm.Error|nil
function M.new(ctx, list, options)
  local config, sleep = ctx.config, options and options.sleep
  local budget = anthropic.budget(config.token_budget)
  local client, err = anthropic.new { api_key = config.anthropic_api_key, budget = budget,
    base_url = config.anthropic.base_url, model = config.anthropic.model, sleep = sleep }
  if not client then return nil, err end
  local prompts = load_prompts(ctx)
  local writer = setmetatable({ ctx = ctx, client = client, budget = budget, sleep = sleep,
    prompts = prompts.text, version = prompts.version, calls = 0, cache_read = 0, list = list,
    ahead = {}, python = python_of.find(config.python) }, Writer)
  local index = schema_index.of_roots(writer:roots())
  writer.system = { prompts.text.system, index ~= "" and index or nil }
  return writer
end

-- Folders of the Terraform roots of the list.
function Writer:roots()
  local dirs = {}
  for index, meta in ipairs(self.list) do dirs[index] = self.ctx.store:arch_dir(meta.hash) end
  return dirs
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

function Writer:options(messages)
  return { system = self.system, messages = messages, schema = answers.schema(),
    max_tokens = self.ctx.config.anthropic.max_tokens }
end

-- A batch of the first questions from this architecture on, as far as the budget reaches.
local function ask_ahead(self, meta)
  local questions, begun = {}, false
  for _, other in ipairs(self.list) do
    begun = begun or other.hash == meta.hash
    local turn = begun and first_turn(self, other)
    if turn then
      questions[#questions + 1] = { id = other.hash, options = self:options { turn } }
    end
  end
  local found, err = batches.ask(self.client, questions, self.sleep)
  if not found then return nil, err end
  self.ahead = found
  return true
end

-- The answer from a batch, else by a call of its own: always so for a repair.
local function answer_to(self, meta, messages)
  if #messages == 1 and self.ctx.config.anthropic.batch then
    if not self.ahead[meta.hash] then
      local ok, err = ask_ahead(self, meta)
      if not ok then return nil, err end
    end
    local found = self.ahead[meta.hash]
    self.ahead[meta.hash] = nil
    if found then return found.answer, found.err end
  end
  return self.client:message(self:options(messages))
end

-- An error that every further call would meet is kept, and answered without a call.
local function ask(self, meta, messages)
  local answer, err = answer_to(self, meta, messages)
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

local REPAIRABLE <const> = { syntax = true, invalid = true }

-- Files that compile and whose tests can be set up. Where pytest cannot be asked, because its
-- packages are missing, the compiler's word is enough.
local function usable(self, answer)
  local files, err = answers.read(answer.text, self.ctx.config.python)
  if not files then return nil, err end
  local ok
  ok, err = answers.plan(files, self.python)
  if ok then return files end
  if REPAIRABLE[err.code] then return nil, err end
  self.ctx.log:warn("pytest was not asked about an app", { error = tostring(err) })
  return files
end

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
    cache_write_tokens = 0, prompt_version = self.version }
  for round = 1, ROUNDS do
    local answer, files
    answer, err = ask(self, meta, messages)
    if not answer then return nil, err end
    add_usage(facts, answer)
    files, err = usable(self, answer)
    if files then
      facts.rounds, facts.tests = round, answers.count_tests(files["test_app.py"])
      return files, facts
    end
    if not REPAIRABLE[err.code] then return nil, err end
    messages[#messages + 1] = { role = "assistant",
      content = answer.text ~= "" and answer.text or "(nothing)" }
    messages[#messages + 1] = user_turn(self.prompts.repair(mask.text(tostring(err))))
  end
  return nil, err
end

return M
