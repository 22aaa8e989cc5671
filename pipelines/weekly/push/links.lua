-- SPDX-License-Identifier: Apache-2.0
-- Links from regressions to issues. trends/regressions.json is made anew after a merge, so each
-- run also keeps the links that its push made in a file of its own: runs/<id>/issues.json,
-- {run that regressed → {architecture → URL}}.

local json = require "std.json"

local M = {}

local FILE <const> = "issues.json"

---Writes the URLs into the regression records and into the run's own file.
---@param store lsqm.Store
---@param run lsqm.Run
---@param links table {record = url}: records as store:regressions() has them
---@return boolean|nil
---@return lsqm.Error|nil
function M.save(store, run, links)
  local by_run, found = {}, false
  for record, url in pairs(links) do
    by_run[record.to_run_id] = by_run[record.to_run_id] or {}
    by_run[record.to_run_id][record.arch_hash] = url
    found = true
  end
  if not found then return true end
  local list = store:regressions()
  for _, record in ipairs(list) do
    local urls = by_run[record.to_run_id]
    record.github_issue_url = urls and urls[record.arch_hash] or record.github_issue_url
  end
  local ok, err = store:save_regressions(list)
  if not ok then return nil, err end
  local kept = json.read(run:path(FILE))
  for id, urls in pairs(type(kept) == "table" and kept or {}) do
    by_run[id] = by_run[id] or {}
    for hash, url in pairs(urls) do by_run[id][hash] = by_run[id][hash] or url end
  end
  return json.write(run:path(FILE), by_run)
end

local function kept_links(store)
  local all, runs = {}, store:runs()
  for i = #runs, 1, -1 do -- the newest has the last word
    for id, urls in pairs(json.read(store:path("runs", runs[i].run_id, FILE)) or {}) do
      for hash, url in pairs(urls) do all[id .. hash] = url end
    end
  end
  return all
end

---Gives regressions their links back after the trends were made anew.
---@param store lsqm.Store
---@return boolean|nil
---@return lsqm.Error|nil
function M.restore(store)
  local all, changed = kept_links(store), false
  local list = store:regressions()
  for _, record in ipairs(list) do
    local url = all[record.to_run_id .. record.arch_hash]
    if url and record.github_issue_url ~= url then
      record.github_issue_url, changed = url, true
    end
  end
  return not changed or store:save_regressions(list)
end

return M
