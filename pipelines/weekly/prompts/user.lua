-- SPDX-License-Identifier: Apache-2.0
-- The question about one architecture. `architecture` has name, services, resource_count, files
-- ({path, text}, sorted) and boundary, a word that occurs in none of them.
local function text(architecture)
  local out = {
    ("Write the test application for this architecture: %d resources, services %s."):format(
      architecture.resource_count or 0, table.concat(architecture.services, ", ")),
    ("Every file begins after a line with its path and %s."):format(architecture.boundary),
  }
  for _, file in ipairs(architecture.files) do
    out[#out + 1] = ("\n=== %s %s"):format(file.path, architecture.boundary)
    out[#out + 1] = file.text
  end
  out[#out + 1] = ("=== end %s"):format(architecture.boundary)
  return table.concat(out, "\n")
end

return { version = "1", text = text }
