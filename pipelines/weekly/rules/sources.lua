-- SPDX-License-Identifier: Apache-2.0
-- Where architectures come from when the configuration names no `sources`.
--
--   { type = "dir", path = "templates", include = { "**/*.yaml" }, exclude = { "**/test/**" } }
--   { type = "git", url = "https://example.com/team/templates.git", ref = "main" }
--
-- base_url is what source URLs begin with (a folder's default is its file:// URL); source_type is
-- the data model's enum, by default derived from the format.

return function(find)
  return {
    { type = "dir", path = find "samples/", base_url = "lsqm://samples" },
  }
end
