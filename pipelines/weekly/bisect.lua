-- SPDX-License-Identifier: Apache-2.0
-- bisect: the first version of an emulator in which an architecture does not pass any more.

local compare = require "std.store.compare"
local docker = require "std.docker"
local error_of = require "std.error"
local select = require "pipelines.weekly.validate.select"
local stage = require "std.stage"
local uuid = require "std.uuid"
local validation = require "std.validation"

-- "1.10.2" after "1.9.0": numbers by value, the rest as text.
local function parts_of(version)
  local parts = {}
  for word in version:gmatch("[^.%-+]+") do parts[#parts + 1] = tonumber(word) or word end
  return parts
end

local function is_older(a, b)
  local x, y = parts_of(a), parts_of(b)
  for i = 1, math.max(#x, #y) do
    local p, q = x[i] or 0, y[i] or 0
    if p ~= q then
      if type(p) == type(q) then return p < q end
      return type(p) == "string" -- a pre-release comes before its release
    end
  end
  return false
end

local function local_tags(repository)
  local engine, err = docker.connect {}
  if not engine then return nil, err end
  local images
  images, err = engine:images {}
  if not images then return nil, err end
  local tags = {}
  for _, image in ipairs(images) do
    for _, name in ipairs(type(image.RepoTags) == "table" and image.RepoTags or {}) do
      local tag = name:sub(1, #repository + 1) == repository .. ":" and name:sub(#repository + 2)
      if tag then tags[#tags + 1] = tag end
    end
  end
  return tags
end

local function candidates(args, spec)
  if not args.versions then return local_tags(spec.image) end
  local list = {}
  for word in args.versions:gmatch("[^,%s]+") do list[#list + 1] = word end
  return list
end

-- From good to bad, both included.
local function versions_between(ctx, args, spec)
  local list, err = candidates(args, spec)
  if not list then return nil, err end
  local seen, out = {}, {}
  for _, version in ipairs { args.good, args.bad, table.unpack(list) } do
    local inside = not is_older(version, args.good) and not is_older(args.bad, version)
    if inside and not seen[version] then
      seen[version] = true
      out[#out + 1] = version
    end
  end
  table.sort(out, is_older)
  if out[1] ~= args.good or out[#out] ~= args.bad or #out < 2 then
    return nil, error_of.new { op = "bisect", code = "usage",
      message = ("--good %s must be older than --bad %s"):format(args.good, args.bad) }
  end
  ctx.out(("%d versions of %s: %s"):format(#out, ctx.config.emulator.name,
    table.concat(out, " ")))
  return out
end

local function try(work, version)
  local wanted = {}
  for key, value in pairs(work.ctx.config.emulator) do wanted[key] = value end
  wanted.version, wanted.image = version, nil
  local lab, err = work.lab:beside(wanted)
  if not lab then return nil, err end
  local result = lab:validate(work.job, work.run)
  work.ctx.out(("%-12s %s  %s"):format(version, result.status,
    result.reason or result.error_message or ""))
  if result.status == "ERROR" then
    return nil, error_of.new { op = "bisect " .. version, code = "unavailable",
      message = result.error_message }
  end
  return compare.is_good(result.status) and "good" or "bad"
end

local function expect(work, version, wanted)
  local kind, err = try(work, version)
  if not kind then return nil, err end
  if kind == wanted then return true end
  return nil, error_of.new { op = "bisect", code = "usage",
    message = ("version %s is %s, not %s"):format(version, kind, wanted) }
end

local function search(work, versions)
  local ok, err = expect(work, versions[1], "good")
  if ok then ok, err = expect(work, versions[#versions], "bad") end
  if not ok then return nil, err end
  local low, high = 1, #versions
  while high - low > 1 do
    local middle = (low + high) // 2
    local kind
    kind, err = try(work, versions[middle])
    if not kind then return nil, err end
    if kind == "good" then low = middle else high = middle end
  end
  return versions[high], versions[low]
end

return stage {
  api = 1, name = "bisect",
  help = "Find the first emulator version in which an architecture fails",
  description = "Walks the versions whose images are on this machine, or those of --versions.",
  args = {
    { name = "hash", kind = "positional", help = "Hash or name of an architecture" },
    { name = "--good", kind = "option", optional = false, metavar = "V",
      help = "a version that works" },
    { name = "--bad", kind = "option", optional = false, metavar = "V",
      help = "a later version that fails" },
    { name = "--versions", kind = "option", metavar = "V,V,…", help = "the versions to walk" },
  },
  run = function(ctx, args)
    local jobs, err = select.jobs(ctx, { args.hash })
    if not jobs then return nil, err end
    local spec = ctx.rows("emulators")[ctx.config.emulator.name]
    local versions
    versions, err = versions_between(ctx, args, spec or {})
    if not versions then return nil, err end
    if ctx.dry_run then return 0 end
    local lab <close>, why = validation.open(ctx)
    if not lab then return nil, why end
    local first, last = search({ ctx = ctx, lab = lab, job = jobs[1],
      run = { run_id = uuid.v4() } }, versions)
    if not first then return nil, last end
    ctx.out(("%s works, %s is the first that fails"):format(last, first))
    return 1
  end,
}
