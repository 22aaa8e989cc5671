-- SPDX-License-Identifier: Apache-2.0
-- The command line: `lsqm [flags] COMMAND …`. Commands are the stages of the pipeline `weekly`,
-- `PIPELINE STAGE` for the other pipelines, and the tools in stdlib/cli/tools/.
--
-- Exit codes: 0 nothing found, 1 found something, 2 usage or a broken script, 3 the environment
-- failed, 130 interrupted.

local argparse = require "argparse"
local commands = require "std.cli.commands"
local complain = require "std.cli.complain"
local config_of = require "std.config"
local context = require "std.context"
local error_of = require "std.error"
local program = require "lsqm.program"
local resolve = require "std.resolve"
local sched = require "lsqm.raw.sched"

local M = {}

M.EXIT = { OK = 0, FOUND = 1, USAGE = 2, ENVIRONMENT = 3, INTERRUPTED = 130 }

local function number_or_auto(text)
  return text == "auto" and text or math.tointeger(text)
end

-- FR-002, and what every command shares. `config` names the key a flag sets.
local GLOBAL = {
  { "--config", value = "PATH",
    help = "Configuration: a Lua file that returns a table (default: lsqm.lua of `lsqm init`)" },
  { "-v --verbose", help = "Detailed log output", config = "verbose" },
  { "--dry-run", help = "Say what would happen and touch nothing", config = "dry_run",
    also = "--dry-run=client" }, -- kubectl's word
  { "--parallel", help = "How many architectures at once, or auto (default 4)", value = "N",
    config = "parallel", convert = number_or_auto },
  { "--localstack-version", help = "Version of the LocalStack image", value = "VERSION",
    config = "localstack_version" },
  { "--workspace", help = "Folder for artifacts, logs and reports", value = "DIR",
    config = "workspace" },
  { "--pipelines", help = "Folder whose files shadow the stock pipelines", value = "DIR" },
  { "--log-format", help = "auto, json or text", value = "FORMAT", config = "log_format" },
}

local function key_of(spec)
  return spec[1]:match("%-%-([%w%-]+)"):gsub("%-", "_")
end

-- Flags whose value is the next word: needed to find the command before parsing.
local function takes_value(word)
  for _, spec in ipairs(GLOBAL) do
    if spec.value then
      for name in spec[1]:gmatch("%S+") do if name == word then return true end end
    end
  end
  return false
end

--- The first words that are not global flags: command, and stage of a pipeline.
local function find_words(argv)
  local words, i = {}, 1
  while i <= #argv and #words < 2 do
    local word = argv[i]
    if takes_value(word) then
      i = i + 1
    elseif word:sub(1, 1) ~= "-" then
      words[#words + 1] = word
    end
    i = i + 1
  end
  return words
end

-- --pipelines decides where commands come from, so it is read before everything else.
local function early_pipelines(argv)
  for i, word in ipairs(argv) do
    local dir = word:match("^%-%-pipelines=(.+)$") or (word == "--pipelines" and argv[i + 1])
    if dir then return resolve.set_pipelines(dir) end
    if word == "--" then return true end
  end
  return true
end

-- Flags under another spelling.
local function respelled(argv)
  local words = { [0] = argv[0], table.unpack(argv) }
  for i, word in ipairs(words) do
    if word == "--" then break end
    for _, spec in ipairs(GLOBAL) do if word == spec.also then words[i] = spec[1] end end
  end
  return words
end

-- `lsqm help COMMAND` is `lsqm COMMAND --help`.
local function without_help_word(argv)
  if find_words(argv)[1] ~= "help" or commands.find("help") then return argv end
  local words, asked = { [0] = argv[0] }, false
  for _, word in ipairs(argv) do
    if word == "help" and not asked then asked = true else words[#words + 1] = word end
  end
  words[#words + 1] = "--help"
  return words
end

local usage_error = {}

local function raise_usage(parser, message)
  error(setmetatable({ text = message, usage = parser:get_usage() }, usage_error), 0)
end

local function add_globals(parser)
  for _, spec in ipairs(GLOBAL) do
    if spec.value then
      parser:option(spec[1], spec.help):argname("<" .. spec.value:lower() .. ">")
        :target(key_of(spec))
    else
      parser:flag(spec[1], spec.help):target(key_of(spec))
    end
  end
end

local CONVERT = { integer = math.tointeger, number = tonumber }

-- What --help calls a value: the stage's word, else the option's own name.
local function value_name(arg)
  return "<" .. (arg.metavar or arg.name:gsub("^%-+", "")):lower() .. ">"
end

local function add_argument(parser, arg)
  local item
  if arg.kind == "flag" then
    item = parser:flag((arg.short and arg.short .. " " or "") .. arg.name, arg.help)
  elseif arg.kind == "option" then
    item = parser:option((arg.short and arg.short .. " " or "") .. arg.name, arg.help)
    if not arg.choices then item:argname(value_name(arg)) end
    if arg.repeatable then item:count "*" elseif arg.optional == false then item:count(1) end
  else
    item = parser:argument(arg.name, arg.help)
    local least = (arg.optional or arg.default ~= nil) and "*" or "+"
    if arg.repeatable then item:args(least) elseif arg.optional then item:args "?" end
  end
  item:target(arg.key)
  local convert = CONVERT[arg.type]
  if convert and arg.kind ~= "flag" then
    item:convert(function(text)
      local value = convert(tonumber(text))
      if value == nil then return nil, ("'%s' is not a%s"):format(text,
        arg.type == "integer" and " whole number" or " number") end
      return value
    end)
  end
  if arg.choices then item:choices(arg.choices) end
  if arg.default ~= nil and arg.kind ~= "flag" then item:show_default(false) end
end

-- The command's parser: stages of other pipelines stand below a command of the pipeline's name.
local function command_parser(parser, groups, command)
  if not command.group then return parser:command(command.name) end
  local group = groups[command.group]
  if not group then
    group = parser:command(command.group, commands.about(command.group))
    group.error = raise_usage
    group:require_command(true):command_target "stage"
    groups[command.group] = group
  end
  return group:command(command.name)
end

local function add_command(parser, groups, command, stage)
  local sub = command_parser(parser, groups, command)
  sub:summary(stage and stage.help or command.help)
  sub.error = raise_usage
  if not stage then return end
  sub:description(stage.help .. "." .. (stage.description and "\n" .. stage.description or ""))
  for _, arg in ipairs(stage.args) do add_argument(sub, arg) end
  local examples = stage.examples
    and "Examples:\n  " .. table.concat(stage.examples, "\n  ") .. "\n\n" or ""
  sub:epilog(examples .. "Options of every command, such as --config: lsqm --help")
end

local EPILOG = [[
`lsqm help COMMAND` explains a command. The options above may stand before or after it.

Exit codes: 0 nothing found, 1 found something, 2 wrong usage or a broken script,
3 the environment failed, 130 interrupted.]]

local function new_parser()
  local parser = argparse("lsqm", "Runs infrastructure-quality pipelines written in Lua.", EPILOG)
  parser:help_max_width(100)
  parser.error = raise_usage
  parser:command_target "command"
  parser:require_command(true)
  parser:flag("--version", "Print the version"):action(function()
    io.stdout:write("lsqm ", program.version, "\n")
    error(setmetatable({ code = 0 }, usage_error), 0)
  end)
  add_globals(parser)
  return parser
end

-- The parser for one command line: only the named command's arguments are declared.
local function build(argv)
  local words = find_words(argv)
  local parser, groups = new_parser(), {}
  local chosen = commands.find(words[1], words[2])
  local stage = chosen and chosen.load()
  for _, command in ipairs(commands.list(not chosen)) do
    local same = chosen and command.name == chosen.name and command.group == chosen.group
    add_command(parser, groups, same and chosen or command, same and stage or nil)
  end
  return parser, chosen, stage
end

--- Every command with its arguments, as a shell completes them.
---@param shell string bash, fish or zsh
---@return string script
function M.completion(shell)
  local parser, groups = new_parser(), {}
  for _, command in ipairs(commands.list()) do
    local ok, stage = pcall(command.load)
    add_command(parser, groups, command, ok and stage or nil)
  end
  return parser["get_" .. shell .. "_complete"](parser)
end

-- Global flags as configuration values; the rest as the stage's arguments.
local function split(parsed, stage)
  local flags, args = {}, {}
  for _, spec in ipairs(GLOBAL) do
    local key = key_of(spec)
    local value = parsed[key]
    if spec.config and value ~= nil then
      if spec.config == "parallel" then value = math.tointeger(tonumber(value)) or value end
      flags[spec.config] = value
    end
  end
  for _, arg in ipairs(stage.args) do
    local value = parsed[arg.key]
    if value == nil then value = arg.default end
    if value == nil and arg.repeatable then value = {} end
    args[arg.key] = value
  end
  return flags, args
end

local function run_stage(parsed, chosen, stage)
  local flags, args = split(parsed, stage)
  local config, err = config_of.load { flags = flags,
    path = parsed.config or resolve.project_config() }
  if not config then return M.EXIT.USAGE, err end
  local ctx = context.new { config = config, pipeline = chosen.pipeline, stage = stage.name,
    args = args, readonly = stage.readonly }
  local open <close> = ctx -- luacheck: ignore open
  local code, why = stage.run(ctx, args)
  if code == nil and why ~= nil then
    local usage = error_of.is(why) and why.code == "usage"
    return usage and M.EXIT.USAGE or M.EXIT.ENVIRONMENT, why
  end
  return math.tointeger(code) or 0
end

local function dispatch(argv)
  local ok, err = early_pipelines(argv)
  if not ok then return M.EXIT.USAGE, err end
  argv = without_help_word(respelled(argv))
  local parser, chosen, stage = build(argv)
  -- loading is protected: an interrupt in it was taken for a stage that cannot be loaded
  if sched.current():is_cancelled() then error(error_of.new { code = "cancelled" }, 0) end
  local parsed = parser:parse(argv)
  if not chosen then return M.EXIT.USAGE end
  return run_stage(parsed, chosen, stage)
end

local function on_usage(problem)
  if problem.code then return problem.code end
  local command = problem.usage:match("^Usage: ([%w_ -]-)%f[%[<\n]"):gsub("%s+$", "")
  io.stderr:write(problem.usage, "\n\nlsqm: ", problem.text, "\n  hint: ", command,
    " --help says more\n")
  return M.EXIT.USAGE
end

--- Runs the command line and returns the exit code; never raises for a user's mistake.
---@param argv string[] argv[0] is the program
function M.main(argv)
  if #argv == 0 then argv = { [0] = argv[0], "--help" } end
  local ok, code, err = xpcall(dispatch, function(value)
    if getmetatable(value) == usage_error then return value end
    return sched.error_handler(value)
  end, argv)
  if ok then
    if err ~= nil then complain.world(err, argv) end
    return code
  end
  if getmetatable(code) == usage_error then return on_usage(code) end
  return complain.raised(code, argv)
end

return M
