-- SPDX-License-Identifier: Apache-2.0
-- Where issues about an emulator may be filed.

-- Issues about another emulator do not belong there.
local LOCALSTACK_REPO <const> = "localstack/localstack"

--- Why none is filed in a repository; nil: they may be.
---@param repo string the configuration's issue_repo
---@param emulator string name
---@return string|nil
return function(repo, emulator)
  if repo == "" then return "no ISSUE_REPO is set" end
  if repo == LOCALSTACK_REPO and emulator ~= "localstack" then
    return ("the run used %s; set ISSUE_REPO to file elsewhere than in %s"):format(emulator, repo)
  end
  return nil
end
