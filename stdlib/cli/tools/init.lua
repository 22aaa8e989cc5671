-- SPDX-License-Identifier: Apache-2.0
-- lsqm init DIR: a folder of one's own. Its pipelines/ shadows the stock files of the same name,
-- one file at a time, when lsqm runs inside it.

local error_of = require "std.error"
local fs = require "std.fs"
local program = require "lsqm.program"
local resolve = require "std.resolve"
local stage = require "std.stage"

-- What people change most; everything else is copied when it is wanted (`--copy NAME`).
local STARTERS = { "rules/status.lua", "rules/sources.lua", "rules/services.lua",
  "rules/emulators.lua", "report/layout.lua" }

local CONFIG = [[
-- Configuration of this folder: what lsqm uses here unless --config names another.
-- Flags and environment variables win over what stands here. Secrets are never read from files:
-- set ANTHROPIC_API_KEY, GITHUB_TOKEN and SLACK_WEBHOOK_URL in the environment.
return {
  workspace = "./workspace",
  -- artifact_repo = "https://example.com/team/artifacts.git",
  -- emulator = { name = "ministack", driver = "auto" },
  -- sources = { { type = "dir", path = "./templates" } },
}
]]

local REPORT = [[
-- A report script: lsqm exec reports/slowest.lua
-- Prints the slowest architectures of the latest run.
local store = assert(require("std.store").open("./workspace/artifacts", { readonly = true }))
local latest = store:runs { finished = true }[1]
if not latest then
  print("no finished run yet: lsqm run")
  return 0
end
local names, results = store:by_hash(), {}
for _, result in pairs(store:run(latest.run_id):results()) do results[#results + 1] = result end
table.sort(results, function(a, b) return a.duration_seconds > b.duration_seconds end)
for i = 1, math.min(10, #results) do
  print(("%7.1fs  %-8s %s"):format(results[i].duration_seconds, results[i].status,
    names[results[i].arch_hash].name))
end
]]

local README = [[
# lsqm project

- `pipelines/weekly/` shadows the stock pipeline, file by file: edit `rules/status.lua` and the
  next `lsqm` in this folder uses it. Delete a file to get the stock one back.
- `lsqm which rules.status` shows which file is used.
- `lsqm init --copy prompts.system` brings a further stock file here to be edited.
- `.lsqm-types/` has the types of `std.*` for editors with LuaLS; `lsqm init` renews it.
- `lsqm check` loads everything here without running it.
- `lsqm.lua` is the configuration that `lsqm` uses here.
- `reports/slowest.lua` is an example of a script: `lsqm exec reports/slowest.lua`.
]]

local function marker()
  return { path = resolve.MARKER, text = "lsqm " .. program.version .. "\n" }
end

-- The named stock files alone: what was deleted here stays deleted.
local function copies(names, default)
  local list = { marker() }
  for _, word in ipairs(names) do
    local stock, below = resolve.stock(resolve.split(word, default))
    if not stock then
      return nil, error_of.new { op = "init", code = "usage",
        message = ("there is no stock file pipelines/%s"):format(below) }
    end
    list[#list + 1] = { path = "pipelines/" .. below, text = fs.read(stock) }
  end
  return list
end

-- For editors with LuaLS: std.* with its types, made anew by each `lsqm init`.
local TYPES = ".lsqm-types"
local LUARC = ([[
{
  "runtime.version": "Lua 5.4",
  "runtime.path": ["?.lua", "?/init.lua"],
  "workspace.library": ["%s"],
  "workspace.ignoreDir": ["workspace"],
  "workspace.checkThirdParty": false
}
]]):format(TYPES)

local function files()
  local list = {
    marker(),
    { path = "lsqm.lua", text = CONFIG },
    { path = "README.md", text = README },
    { path = ".luarc.json", text = LUARC },
    { path = "reports/slowest.lua", text = REPORT },
  }
  for _, name in ipairs(STARTERS) do
    local stock, below = resolve.stock("weekly", name)
    if stock then list[#list + 1] = { path = "pipelines/" .. below, text = fs.read(stock) } end
  end
  return list
end

local function write_all(ctx, dir, list)
  for _, file in ipairs(list) do
    local path = fs.join(dir, file.path)
    if fs.exists(path) then
      ctx.out("keep   " .. path)
    elseif ctx.dry_run then
      ctx.out("would write " .. path)
    else
      local ok, err = fs.mkdir(fs.dirname(path))
      if ok then ok, err = fs.write(path, file.text) end
      if not ok then return nil, error_of.wrap(err, "init") end
      ctx.out("write  " .. path)
    end
  end
  return 0
end

local function write_types(ctx, dir)
  local folder = fs.join(dir, TYPES)
  if ctx.dry_run then
    ctx.out("would write " .. folder)
    return 0
  end
  for _, file in ipairs(require("std.cli.types").all()) do
    local path = fs.join(folder, file.path)
    local ok, err = fs.mkdir(fs.dirname(path))
    if ok then ok, err = fs.write(path, file.text) end
    if not ok then return nil, error_of.wrap(err, "init") end
  end
  ctx.out("write  " .. folder .. " (types of std.* for editors)")
  return 0
end

return stage {
  api = 1, name = "init", help = "Make a folder whose pipelines you can edit",
  args = {
    { name = "dir", kind = "positional", optional = true, default = ".",
      help = "The folder (default: here); files that exist are kept" },
    { name = "--copy", kind = "option", repeatable = true, metavar = "NAME",
      help = "Only copy this stock file there: prompts.system, parity.rules.severity" },
  },
  examples = { "lsqm init quality", "cd quality && lsqm init --copy prompts.system" },
  run = function(ctx, args)
    local list, err = files(), nil
    if args.copy[1] then list, err = copies(args.copy, ctx.pipeline) end
    if not list then return nil, err end
    local code, why = write_all(ctx, args.dir or ".", list)
    if not code or args.copy[1] then return code, why end
    return write_types(ctx, args.dir or ".")
  end,
}
