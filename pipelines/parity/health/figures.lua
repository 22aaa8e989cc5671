-- SPDX-License-Identifier: Apache-2.0
-- Figures of a time series of health: availability, percentiles of the answer times, a sparkline.

local M = {}

local BARS <const> = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }

--- The p-th percentile (0 to 100) by nearest rank, of a sorted list; nil of an empty one.
function M.percentile(sorted, p)
  if #sorted == 0 then return nil end
  return sorted[math.max(1, math.ceil(p / 100 * #sorted))]
end

--- {count, healthy, availability = 0 to 1, p50, p90, p95, p99, max} of results.
function M.of(results)
  local times, healthy, judged = {}, 0, 0
  for _, one in ipairs(results) do
    if one.details.response_time_ms then times[#times + 1] = one.details.response_time_ms end
    if one.status == "healthy" then healthy = healthy + 1 end
    if one.status ~= "starting" then judged = judged + 1 end
  end
  table.sort(times)
  return { count = #results, healthy = healthy,
    availability = judged > 0 and healthy / judged or nil, p50 = M.percentile(times, 50),
    p90 = M.percentile(times, 90), p95 = M.percentile(times, 95), p99 = M.percentile(times, 99),
    max = times[#times] }
end

-- The results as so many groups, each the mean of its answer times; "x" where one was not healthy.
local function groups(results, width)
  local list, size = {}, math.max(1, math.ceil(#results / width))
  for from = 1, #results, size do
    local sum, count, bad = 0, 0, false
    for i = from, math.min(from + size - 1, #results) do
      local one = results[i]
      bad = bad or one.status == "unhealthy" or one.status == "unknown"
      if one.details.response_time_ms then
        sum, count = sum + one.details.response_time_ms, count + 1
      end
    end
    list[#list + 1] = { mean = count > 0 and sum / count or 0, bad = bad }
  end
  return list
end

--- A line of bars, oldest left, as high as answers were slow; × where health was missing.
function M.sparkline(results, width)
  local list, highest = groups(results, width or 40), 0
  for _, group in ipairs(list) do highest = math.max(highest, group.mean) end
  local out = {}
  for i, group in ipairs(list) do
    local level = highest > 0 and math.ceil(group.mean / highest * #BARS) or 1
    out[i] = group.bad and "×" or BARS[math.max(1, level)]
  end
  return table.concat(out)
end

return M
