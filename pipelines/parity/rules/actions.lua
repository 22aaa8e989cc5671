-- SPDX-License-Identifier: Apache-2.0
-- What the built-in runner does for `uses:`. Other actions are programs of their own: a workflow
-- that has one is refused unless `act` runs it or --skip-action leaves it out.
--   nothing    what it would do is so already; `says` why
--   tool       the program of this machine is used: the first of `programs` on PATH, asked by
--              `version`, told where it is not what `input` wants
--   upload, download   the run's own artifacts
-- `refuses` are inputs without which something else would be done, `ignores` those that a note is
-- enough for, `outputs` what it always gives.

local CACHE <const> = { does = "nothing", outputs = { ["cache-hit"] = "false" },
  says = "nothing is restored or kept: the job begins without a cache" }

local function tool(input, programs, version)
  return { does = "tool", input = input, programs = programs, version = version or "--version" }
end

return {
  ["actions/checkout"] = { does = "nothing", says = "the job has a copy of the work tree",
    refuses = { "repository", "path" }, ignores = { "ref" } },
  ["actions/cache"] = CACHE,
  ["actions/cache/restore"] = CACHE,
  ["actions/cache/save"] = CACHE,
  ["actions/setup-node"] = tool("node-version", { "node", "nodejs" }),
  ["actions/setup-python"] = tool("python-version", { "python3", "python" }),
  ["actions/setup-go"] = tool("go-version", { "go" }, "version"),
  ["actions/setup-java"] = tool("java-version", { "java" }, "-version"),
  ["actions/setup-dotnet"] = tool("dotnet-version", { "dotnet" }),
  ["ruby/setup-ruby"] = tool("ruby-version", { "ruby" }),
  ["hashicorp/setup-terraform"] = tool("terraform_version", { "terraform", "tofu" }),
  ["actions/upload-artifact"] = { does = "upload" },
  ["actions/download-artifact"] = { does = "download",
    refuses = { "repository", "run-id", "github-token", "artifact-ids" } },
}
