-- SPDX-License-Identifier: Apache-2.0
-- lsqm check [FILE…]: loads stages, rules and scripts without running them, so that a slip shows
-- before a container starts.

local error_of = require "std.error"
local json = require "std.json"
local program = require "lsqm.program"
local resolve = require "std.resolve"
local sched = require "lsqm.raw.sched"
local stage = require "std.stage"
local uv = require "luv"

local function walk(dir, found, prefix)
  local handle = uv.fs_scandir(dir)
  while handle do
    local name, kind = uv.fs_scandir_next(handle)
    if not name then break end
    if kind == "directory" then
      walk(dir .. "/" .. name, found, prefix .. name .. "/")
    elseif name:match("%.lua$") then
      found[prefix .. name] = true
    end
  end
  return found
end

-- Each file once, where the resolver would take it from.
local function pipeline_files()
  local list = {}
  for _, pipeline in ipairs(resolve.pipelines()) do
    local names = {}
    for _, place in ipairs(resolve.places()) do walk(place.dir .. "/" .. pipeline, names, "") end
    for name in pairs(names) do
      local path = resolve.find(pipeline, name:find("/", 1, true) and name
        or name:gsub("%.lua$", ""))
      if path then
        list[#list + 1] = { path = path, is_stage = not name:find("/", 1, true)
          and name ~= "init.lua" }
      end
    end
  end
  table.sort(list, function(a, b) return a.path < b.path end)
  return list
end

local function load_one(file)
  if not file.is_stage then
    local chunk, why = program.load_file(file.path)
    if not chunk then error(error_of.new { code = "not_found", message = why }, 0) end
    return
  end
  local value = program.run_file(file.path)
  if not stage.is(value) then
    error(error_of.new { code = "invalid", file = file.path, line = 1,
      message = "a stage file must return stage { … }" }, 0)
  end
end

local function report(ctx, problems, count, as_json)
  if as_json then
    local list = json.array {}
    for i, err in ipairs(problems) do
      list[i] = { message = err.message, file = err.file, line = err.line, col = err.col,
        hint = err.hint }
    end
    ctx.out(json.encode { checked = count, problems = list })
    return
  end
  for _, err in ipairs(problems) do ctx.out(error_of.format(err)) end
  ctx.out(("%d files checked, %d problems"):format(count, #problems))
end

return stage {
  api = 1, name = "check", help = "Load and check pipelines and scripts without running them",
  args = {
    { name = "files", kind = "positional", optional = true, repeatable = true,
      help = "Lua files (default: every pipeline file that would be used)" },
    { name = "--json", kind = "flag", help = "Print the problems as JSON" },
  },
  run = function(ctx, args)
    local list, problems = {}, {}
    for _, path in ipairs(args.files) do list[#list + 1] = { path = path } end
    if #list == 0 then list = pipeline_files() end
    for _, file in ipairs(list) do
      local ok, err = xpcall(load_one, sched.error_handler, file)
      if not ok then problems[#problems + 1] = err end
    end
    report(ctx, problems, #list, args.json)
    return #problems > 0 and 2 or 0
  end,
}
