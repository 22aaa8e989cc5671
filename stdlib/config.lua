-- SPDX-License-Identifier: Apache-2.0
-- Configuration: flag › environment › --config FILE (a Lua file that returns a table; in a folder
-- that `lsqm init` made its lsqm.lua unless one is given) › default.
-- Each key is declared once, in SPEC; unknown keys are errors with a suggestion.

local uv = require "luv"
local error_of = require "std.error"
local program = require "lsqm.program"
local suggest = require "std.suggest"

local M = {}

-- type: what the value must be. env: the variable that sets it (FR-054 to FR-062). secret: only
-- from the environment, never in a file, a log or an artifact. word: is a value as well. empty: ""
-- is a value, too.
local SPEC = {
  workspace = { type = "string", default = "./workspace", env = "LSQM_WORKSPACE" },
  artifact_repo = { type = "string", env = "ARTIFACT_REPO" },
  parallel = { type = "integer", word = "auto", default = 4, env = "LSQM_PARALLEL", min = 1 },
  timeout = { type = "number", default = 300, env = "LSQM_TIMEOUT", min = 1 },
  hang_timeout = { type = "number", default = 30, min = 1 },
  test_timeout = { type = "number", default = 60, min = 1 },
  token_budget = { type = "integer", default = 500000, env = "ANTHROPIC_TOKEN_BUDGET", min = 0 },
  localstack_version = { type = "string", default = "latest", env = "LOCALSTACK_VERSION" },
  emulator = { type = "table", default = {}, fields = {
    name = { type = "string", default = "ministack" },
    driver = { type = "string", default = "auto", choices = { "auto", "docker", "process" } },
    image = { type = "string" },
    version = { type = "string" },
    env = { type = "table", open = true },
    memory_mb = { type = "integer", default = 2048, min = 64 },
    boot_timeout = { type = "number", default = 90, min = 1 },
  } },
  deployer = { type = "string", default = "terraform", choices = { "terraform", "tflocal" } },
  terraform = { type = "table", default = {}, fields = {
    warm = { type = "boolean", default = true, env = "LSQM_TERRAFORM_WARM" },
  } },
  provider_mirror = { type = "string", env = "LSQM_PROVIDER_MIRROR" },
  python = { type = "string", env = "LSQM_PYTHON" },
  sources = { type = "table", list = true, open = true },
  only = { type = "table", list = true, open = true },
  generator = { type = "string", default = "auto", choices = { "auto", "rules", "claude" } },
  anthropic = { type = "table", default = {}, fields = {
    base_url = { type = "string", default = "https://api.anthropic.com",
      env = "ANTHROPIC_BASE_URL" },
    model = { type = "string", default = "claude-sonnet-4-5-20250929", env = "ANTHROPIC_MODEL" },
    max_tokens = { type = "integer", default = 16000, min = 1 },
    batch = { type = "boolean", default = false, env = "ANTHROPIC_BATCH" },
  } },
  anthropic_api_key = { type = "string", env = "ANTHROPIC_API_KEY", secret = true },
  github_token = { type = "string", env = "GITHUB_TOKEN", secret = true },
  github_api_url = { type = "string", default = "https://api.github.com",
    env = "GITHUB_API_URL" },
  issue_repo = { type = "string", default = "localstack/localstack", env = "ISSUE_REPO",
    empty = true },
  issue_limit = { type = "integer", default = 10, min = 0 },
  slack_webhook_url = { type = "string", env = "SLACK_WEBHOOK_URL", secret = true },
  report_url = { type = "string", env = "LSQM_REPORT_URL" },
  retries = { type = "integer", default = 1, min = 0 },
  confirm = { type = "table", default = {}, fields = {
    enabled = { type = "boolean", default = true },
    rounds = { type = "integer", default = 2, min = 1 },
  } },
  convergence = { type = "boolean" }, -- not set: where providers are warm
  destroy = { type = "boolean", default = true },
  boot_ahead = { type = "integer", default = 1, min = 0 },
  retention = { type = "integer", default = 52, min = 1 },
  verbose = { type = "boolean", default = false },
  dry_run = { type = "boolean", default = false },
  log_format = { type = "string", default = "auto", choices = { "auto", "json", "text" },
    env = "LSQM_LOG_FORMAT" },
}
M.SPEC = SPEC

-- Lua keeps no place of a table's fields: the first line of the file that sets one of the name.
local function line_of(path, key)
  local file = key:find("[%w_]$") and io.open(path, "r")
  if not file then return nil end
  local name, number = key:match("[%w_]+$"), 0
  for line in file:lines() do
    number = number + 1
    if line:gsub("%-%-.*", ""):find("%f[%w_]" .. name .. "%f[^%w_]%W-=") then
      file:close()
      return number, line:sub(1, 90)
    end
  end
  file:close()
  return nil
end

---@param origin {file: string?, name: string?} the file, or the variable
---@param key string? what is wrong in it
local function fail(origin, key, text, hint)
  local line, source
  if key and origin.file then line, source = line_of(origin.file, key) end
  return error_of.new { op = "config", code = "invalid", file = origin.file, line = line,
    source = source,
    message = (origin.name and origin.name .. ": " or "") .. text, hint = hint }
end

local function unknown_key(origin, key, spec)
  local names = {}
  for name, rule in pairs(spec) do
    if not rule.secret then names[#names + 1] = name end
  end
  table.sort(names)
  local near = suggest.did_you_mean(key:match("[^.]*$"), names)
  return fail(origin, key, ("unknown key '%s'"):format(key),
    near and ("did you mean '%s'?"):format(near) or nil)
end

-- Text from the environment or a flag becomes the key's type.
local function from_text(text, rule)
  if rule.type == "integer" then return math.tointeger(tonumber(text)) end
  if rule.type == "number" then return tonumber(text) end
  if rule.type == "boolean" then
    return ({ ["1"] = true, ["true"] = true, yes = true, ["0"] = false, ["false"] = false,
      no = false })[text:lower()]
  end
  return text
end

local A = { string = "a string", integer = "an integer", number = "a number",
  boolean = "true or false", table = "a table" }

local function is_type(value, want)
  if want == "integer" then return math.type(value) == "integer" end
  return type(value) == want
end

local function is_list(value)
  for key in pairs(value) do
    if math.type(key) ~= "integer" then return false end
  end
  return true
end

local function check_value(origin, key, value, rule)
  if value == rule.word then return nil end
  if not is_type(value, rule.type) then
    local wanted = A[rule.type] .. (rule.word and (" or '%s'"):format(rule.word) or "")
    return fail(origin, key, ("'%s' must be %s, not %s"):format(key, wanted,
      type(value) == "string" and ("'%s'"):format(value) or type(value)))
  end
  if value == "" and not rule.empty then
    return fail(origin, key, ("'%s' must not be empty"):format(key))
  end
  if rule.list and not is_list(value) then
    return fail(origin, key, ("'%s' must be a list: { { … }, … }"):format(key))
  end
  if rule.min and value < rule.min then
    return fail(origin, key, ("'%s' must be at least %s, not %s"):format(key, rule.min, value))
  end
  if rule.choices then
    for _, choice in ipairs(rule.choices) do if choice == value then return nil end end
    local near = suggest.did_you_mean(value, rule.choices)
    return fail(origin, key, ("'%s' must be one of %s, not '%s'"):format(key,
      table.concat(rule.choices, ", "), value), near and ("did you mean '%s'?"):format(near))
  end
  return nil
end

local apply_table

local function apply_value(target, origin, key, value, rule, prefix)
  if rule.fields and type(value) == "table" then
    target[key] = target[key] or {}
    return apply_table(target[key], origin, value, rule.fields, key .. ".")
  end
  local err = check_value(origin, (prefix or "") .. key, value, rule)
  if err then return err end
  target[key] = value
  return nil
end

function apply_table(target, origin, values, spec, prefix)
  for key, value in pairs(values) do
    local rule = spec[key]
    if not rule then return unknown_key(origin, (prefix or "") .. tostring(key), spec) end
    if rule.secret then
      return fail(origin, key, ("'%s' is a secret: set %s in the environment instead"):format(key,
        rule.env))
    end
    local err = apply_value(target, origin, key, value, rule, prefix)
    if err then return err end
  end
  return nil
end

local function apply_defaults(target, spec)
  for key, rule in pairs(spec) do
    if rule.fields then
      target[key] = {}
      apply_defaults(target[key], rule.fields)
    elseif rule.default ~= nil then
      target[key] = rule.default
    end
  end
end

local function apply_environment(target, spec, getenv)
  for key, rule in pairs(spec) do
    if rule.fields then
      local err = apply_environment(target[key], rule.fields, getenv)
      if err then return err end
    end
    local text = rule.env and getenv(rule.env)
    if text and text ~= "" then
      local value = from_text(text, rule)
      if value == nil then value = text end
      local err = apply_value(target, { name = rule.env }, key, value, rule)
      if err then return err end
    end
  end
  return nil
end

local function read_file(path)
  local chunk, why = program.load_file(path)
  if not chunk then
    return nil, error_of.new { op = "config", code = "not_found", message = tostring(why),
      hint = "--config wants a Lua file that returns a table" }
  end
  local values = chunk()
  if type(values) ~= "table" then
    return nil, fail({ file = path }, nil, "the file must return a table")
  end
  return values
end

-- Secrets are readable fields that pairs() does not show, so that no snapshot contains them.
local function seal(config)
  local secrets = {}
  for key, rule in pairs(SPEC) do
    if rule.secret then
      secrets[key] = config[key]
      config[key] = nil
    end
  end
  return setmetatable(config, {
    __index = function(_, key)
      if SPEC[key] == nil and type(key) == "string" and key ~= "source_file" then
        error(("config has no key '%s'"):format(key), 2)
      end
      return secrets[key]
    end,
    __newindex = function(_, key)
      error(("config is read-only: cannot set '%s'"):format(tostring(key)), 2)
    end,
    secrets = secrets,
  })
end

--- Loads the configuration.
---@param options {flags?: table, path?: string, getenv?: fun(name: string): string?}
---@return table? config
---@return table? err code "invalid": the user's mistake (exit 2)
function M.load(options)
  local config = {}
  apply_defaults(config, SPEC)
  if options.path then
    local values, err = read_file(options.path)
    if not values then return nil, err end
    err = apply_table(config, { file = options.path }, values, SPEC)
    if err then return nil, err end
    config.source_file = options.path
  end
  local err = apply_environment(config, SPEC, options.getenv or uv.os_getenv)
    or apply_table(config, {}, options.flags or {}, SPEC)
  if err then return nil, err end
  return seal(config)
end

--- Values that must never be printed: for the log's mask.
function M.secrets(config)
  local values = {}
  for _, value in pairs(getmetatable(config).secrets) do values[#values + 1] = value end
  return values
end

--- Where the artifact repository lies on disk: a local working tree is used in place, anything
--- else (URL, bare repository) is cloned to <workspace>/artifacts.
function M.store_dir(config)
  local repo = config.artifact_repo
  if repo and uv.fs_stat(repo .. "/.git") then return repo end
  return config.workspace .. "/artifacts"
end

return M
