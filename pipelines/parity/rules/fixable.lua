-- SPDX-License-Identifier: Apache-2.0
-- May `lsqm parity fix` close a difference by a Compose override of the source? The first pattern
-- that matches decides. Secrets and folders of a host are never written into a file.
---@param d {path: string, type: string, secret: boolean?, target: any, source_from: string?,
---  target_from_files: boolean, of_host: boolean?}
return function(d)
  if d.secret or d.of_host or not d.target_from_files then return false end
  if d.path:find("^storage%.volumes") then
    return not tostring(d.target or ""):find("^bind ") and type(d.target) ~= "table"
  end
  -- what a file sets cannot be unset by an override
  if d.path:find("^environment_variables") then
    return d.type ~= "missing_in_target" or d.source_from ~= "file"
  end
  for _, key in ipairs { "secrets", "configs", "containers" } do
    if d.path == "compose." .. key then return false end
  end
  if d.path:find("^volumes") or d.path:find("^networks") or d.path:find("^drift") then
    return false
  end
  return true
end
