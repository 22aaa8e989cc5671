-- SPDX-License-Identifier: Apache-2.0
-- engine: writes the job that runs the flow in shards on somebody else's scheduler. Texts and
-- options are tables in engines/; this only fills them in, and with --submit hands them to Slurm.

local error_of = require "std.error"
local fs = require "std.fs"
local stage = require "std.stage"
local suggest = require "std.suggest"
local tables = require "std.table"
local uv = require "luv"

local KINDS = { "argo", "github-actions", "slurm" }

local function usage(message, hint)
  return nil, error_of.new { op = "engine", code = "usage", message = message, hint = hint }
end

-- Values go into scripts and YAML: words, unless an option's table says more.
local WORD = "^[%w%._:/@=,+-]*$"
local TEXTS = { quoted = '^[^%c\\"]*$', line = "^%C*$" }

local function check_value(key, option, value)
  if value:find(TEXTS[option.text] or WORD) then return true end
  return usage(("'%s' cannot be the value of %s"):format(value, key))
end

local function set_option(values, engine, word)
  local key, value = word:match("^([%w_]+)=(.*)$")
  local option = key and engine.options[key]
  if not option then
    local names = tables.sorted_keys(engine.options)
    local near = key and suggest.did_you_mean(key, names)
    return usage(("no option '%s'"):format(key or word),
      near and ("did you mean '%s'?"):format(near) or "there are: " .. table.concat(names, " "))
  end
  values[key] = value ~= "" and (option.prefix or "") .. value or ""
  return check_value(key, option, value)
end

-- What the calling command line says of configuration holds for the jobs, too.
local function own_flags(ctx)
  local source = rawget(ctx.config, "source_file")
  if not source then return "" end
  local ok, err = check_value("--config", {}, fs.absolute(source))
  if not ok then return nil, err end
  return "--config " .. fs.absolute(source)
end

local function shard_list(count)
  local list = {}
  for i = 1, count do list[i] = tostring(i) end
  return table.concat(list, ", ")
end

local function values_of(ctx, args, engine, dir)
  local values = {}
  for key, option in pairs(engine.options) do values[key] = option.default end
  for _, word in ipairs(args.option) do
    local ok, err = set_option(values, engine, word)
    if not ok then return nil, err end
  end
  values.shards, values.shard_list = tostring(args.shards), shard_list(args.shards)
  values.dir, values.workspace = dir, fs.absolute(ctx.config.workspace)
  values.lsqm = uv.exepath()
  if not values.flags then
    local flags, err = own_flags(ctx)
    if not flags then return nil, err end
    values.flags = flags
  end
  for _, key in ipairs { "dir", "workspace", "lsqm" } do
    local ok, err = check_value(key, {}, values[key])
    if not ok then return nil, err end
  end
  return values
end

-- @name@ is an option's value; a line with @?name@ is no line where that option is empty.
local function fill_line(line, values)
  local left_out = false
  local text = line:gsub("@(%??)([%l_]+)@", function(optional, key)
    local value = values[key]
    if value == nil then error(("engine: the template names no option '@%s@'"):format(key), 0) end
    left_out = left_out or optional == "?" and value == ""
    return value
  end)
  if left_out then return nil end
  -- An empty option in the middle leaves two blanks.
  return (text:gsub("(%S) +", "%1 "):gsub("%s+$", ""))
end

local function fill(text, values)
  local lines = {}
  for line in text:gmatch("([^\n]*)\n") do lines[#lines + 1] = fill_line(line, values) end
  return table.concat(lines, "\n") .. "\n"
end

local function is_wanted(file, args)
  return (not file.when or args[file.when]) and not (file.unless and args[file.unless])
end

local EXECUTABLE <const> = 493 -- octal 755

local function write(ctx, dir, file, text)
  local path = fs.join(dir, file.name)
  if ctx.dry_run then
    ctx.out("would write " .. path)
    return true
  end
  local ok, err = fs.write(path, text)
  if not ok then return nil, err end
  if file.mode == "script" then uv.fs_chmod(path, EXECUTABLE) end
  ctx.out("wrote " .. path)
  return true
end

local function emit(ctx, args, engine, values)
  if not ctx.dry_run and not args.print then
    local ok, err = fs.mkdir(values.dir)
    if not ok then return nil, err end
  end
  for _, file in ipairs(engine.files) do
    if is_wanted(file, args) then
      local text, ok, err = fill(file.text, values), true, nil
      if args.print then ctx.out("# " .. file.name .. "\n" .. text)
      else ok, err = write(ctx, values.dir, file, text) end
      if not ok then return nil, err end
    end
  end
  return 0
end

local function check(args, engine)
  if args.shards < 1 or args.shards > engine.max_shards then
    return usage(("%s takes 1 to %d shards, not %d"):format(args.kind, engine.max_shards,
      args.shards))
  end
  if (args.submit or args.prepared) and args.kind ~= "slurm" then
    return usage("--submit and --prepared are for slurm")
  end
  return true
end

local function submit(ctx, args, values)
  return require("std.slurm").run { dir = values.dir, shards = args.shards,
    prepared = args.prepared, attempts = args.attempts, limit = values.at_once, out = ctx.out,
    line = function(text) ctx.progress:line(text) end }
end

return stage {
  api = 1, name = "engine", help = "Write a job that runs the flow in shards on a scheduler",
  description = "The job prepares the corpus, validates it in shards, merges them, reports and "
    .. "pushes. Its texts are engines/KIND.lua, which you can shadow; --option sets their options.",
  args = {
    { name = "kind", kind = "positional", choices = KINDS, help = "argo, github-actions or slurm" },
    { name = "--shards", kind = "option", type = "integer", default = 8, metavar = "N",
      help = "How many (default 8)" },
    { name = "--option", kind = "option", repeatable = true, metavar = "KEY=VALUE",
      help = "An option of the engine's table" },
    { name = "--output", kind = "option", metavar = "DIR",
      help = "Where the files are written (default: WORKSPACE/engine/KIND)" },
    { name = "--print", kind = "flag", help = "Print the files instead" },
    { name = "--prepared", kind = "flag",
      help = "The corpus is there already: `lsqm run --to generate` was run (slurm)" },
    { name = "--submit", kind = "flag", help = "Submit, wait, repeat what died (slurm)" },
    { name = "--attempts", kind = "option", type = "integer", default = 3, metavar = "N",
      help = "How often a shard is submitted at most (default 3)" },
  },
  examples = { "lsqm engine slurm --shards 24 --option partition=batch --submit",
    "lsqm engine github-actions --shards 64 --output .github/workflows" },
  run = function(ctx, args)
    local engine = ctx.load("engines." .. args.kind)
    local ok, err = check(args, engine)
    if not ok then return nil, err end
    local dir = args.output or fs.join(ctx.config.workspace, "engine", args.kind)
    local values
    values, err = values_of(ctx, args, engine, fs.absolute(dir))
    if not values then return nil, err end
    local code
    code, err = emit(ctx, args, engine, values)
    if not code or not args.submit or ctx.dry_run then return code, err end
    return submit(ctx, args, values)
  end,
}
