-- SPDX-License-Identifier: Apache-2.0
-- The second and last question, when the first answer cannot be used. `problem` is what the
-- compiler or the check of the files said.
local function text(problem)
  return ("That application cannot be used:\n\n%s\n\nAnswer with all four files again, with this "
    .. "put right and nothing else changed."):format(problem)
end

return { version = "1", text = text }
