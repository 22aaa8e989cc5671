-- SPDX-License-Identifier: Apache-2.0
-- Writes a sample app for every normalized architecture that has none.

local apps = require "pipelines.validator.model.apps"
local architectures = require "pipelines.validator.model.architecture"
local place_of = require "pipelines.validator.model.place"
local runs = require "pipelines.validator.model.runs"
local stage = require "std.stage"
local time = require "std.time"
local stock_of = require "pipelines.validator.model.stock"

-- Further questions would meet the same answer.
local STOPS <const> = { limit = true, denied = true, unavailable = true }

local function select(ctx, place, force)
  local list, by_hash = {}, {}
  for _, arch in ipairs(architectures.all(place, ctx.log)) do
    if arch.status == "normalized" or force and arch.status == "ready" then
      list[#list + 1], by_hash[arch.content_hash] = arch, arch
    end
  end
  return list, by_hash
end

-- Same content, same app: it is written once.
local function settle(stock, place, arch, write, force)
  local app, err = not force and apps.load(place, arch) or nil, nil
  local is_new = not app
  if is_new then app, err = apps.make(stock, place, arch, write) end
  if not app and STOPS[err.code] then return nil, err end
  if arch.status == "normalized" then
    architectures.move(arch, app and "ready" or "generation_failed", err and tostring(err))
  end
  local ok, why = architectures.save(place, arch)
  if not ok then return nil, why end
  return app ~= nil, err, is_new and app and app.token_usage or 0
end

-- All of them, or those before what keeps any more from being written; tokens count either way.
local function settle_all(stock, place, list, write, force)
  local made, tokens = 0, 0
  for i, arch in ipairs(list) do
    local ok, why, used = settle(stock, place, arch, write, force)
    if ok == nil then return made, i - 1, tokens, why end
    made, tokens = made + (ok and 1 or 0), tokens + (used or 0)
    if not ok then stock.progress:line(("  %s: %s"):format(arch.id, tostring(why))) end
  end
  return made, #list, tokens
end

return stage {
  api = 1,
  name = "generate",
  help = "Write a sample app for every architecture that has none",
  args = place_of.args({ name = "--force", kind = "flag", help = "Also where there is one" }),
  run = function(ctx, args)
    local place, began = place_of.open(args.root), time.monotonic()
    local lock <close>, err = place:hold(ctx.dry_run)
    if not lock then return nil, err end
    local list, by_hash = select(ctx, place, args.force)
    if ctx.dry_run then
      ctx.out(("generate: would write %d apps"):format(#list))
      return 0
    end
    local stock = stock_of.context(ctx, place, by_hash)
    local write
    write, err = apps.writer(stock, list)
    if not write then return nil, err end
    local made, tried, tokens, stopped = settle_all(stock, place, list, write, args.force)
    local ok, why = runs.add_work(place, { token_usage = tokens,
      generation_seconds = time.monotonic() - began })
    if not ok then return nil, why end
    ctx.out(("generate: %d ready, %d without an app, %d not tried"):format(made, tried - made,
      #list - tried))
    if stopped then return nil, stopped end
    return 0
  end,
}
