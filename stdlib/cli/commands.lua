-- SPDX-License-Identifier: Apache-2.0
-- What can be run: tools of the program, stages of `weekly`, stages of the other pipelines.

local resolve = require "std.resolve"
local stage = require "std.stage"

local M = {}

M.DEFAULT_PIPELINE = "weekly"

-- Tools: stage files in stdlib/cli/tools/. Help texts stand here too, so that listing the
-- commands loads none of them.
local TOOLS = {
  check = "Load and check pipelines and scripts without running them",
  completion = "Print what a shell needs to complete command lines",
  doctor = "Say what is installed, what is missing and what to do",
  exec = "Run a Lua script or expression inside lsqm",
  fmt = "Format Terraform files",
  init = "Make a folder whose pipelines you can edit",
  repl = "Explore results interactively",
  which = "Show where a stage, rule or prompt is found",
}

-- A stage file that cannot be loaded must not hide: its error shows as its help.
local function stage_help(pipeline, name)
  local ok, value = pcall(resolve.load, pipeline, name)
  if ok and stage.is(value) then return value.help end
  return "(cannot be loaded; see `lsqm check`)"
end

local function load_stage(pipeline, name)
  local value, path = resolve.load(pipeline, name)
  if value == nil then error(path, 0) end
  if not stage.is(value) then
    error(("%s: a stage file must return stage { … }"):format(path), 0)
  end
  return value
end

local function stage_command(pipeline, name)
  return { name = name, pipeline = pipeline,
    group = pipeline ~= M.DEFAULT_PIPELINE and pipeline or nil,
    load = function() return load_stage(pipeline, name) end }
end

local function tool_command(name)
  return { name = name, pipeline = M.DEFAULT_PIPELINE, help = TOOLS[name],
    load = function() return require("std.cli.tools." .. name) end }
end

function M.is_pipeline(word)
  if not word or word == M.DEFAULT_PIPELINE then return false end
  for _, name in ipairs(resolve.pipelines()) do if name == word then return true end end
  return false
end

--- What a pipeline is for: the line of its about.txt, then its stages.
function M.about(pipeline)
  local path = resolve.find(pipeline, "./about.txt")
  local file = path and io.open(path, "r")
  local line = file and file:read "l"
  if file then file:close() end
  return ("%s: %s"):format(line or "A pipeline", table.concat(resolve.stages(pipeline), ", "))
end

local function has_stage(pipeline, name)
  for _, other in ipairs(resolve.stages(pipeline)) do if other == name then return true end end
  return false
end

--- The command for the first words of a command line; nil when there is none.
---@return {name: string, pipeline: string, load: fun(): table}?
function M.find(first, second)
  if not first then return nil end
  if has_stage(M.DEFAULT_PIPELINE, first) then return stage_command(M.DEFAULT_PIPELINE, first) end
  if TOOLS[first] then return tool_command(first) end
  if M.is_pipeline(first) and second and has_stage(first, second) then
    return stage_command(first, second)
  end
  return nil
end

-- The word that the command line begins with.
local function first_word(command) return command.group or command.name end

--- Every command, in alphabetical order, those of a pipeline together.
---@param with_help boolean|nil their help, for which every stage is loaded; "" otherwise
function M.list(with_help)
  local list = {}
  for name in pairs(TOOLS) do list[#list + 1] = tool_command(name) end
  for _, pipeline in ipairs(resolve.pipelines()) do
    for _, name in ipairs(resolve.stages(pipeline)) do
      local command = stage_command(pipeline, name)
      command.help = with_help and stage_help(pipeline, name) or ""
      list[#list + 1] = command
    end
  end
  table.sort(list, function(a, b)
    local x, y = first_word(a), first_word(b)
    if x ~= y then return x < y end
    return a.name < b.name
  end)
  return list
end

return M
