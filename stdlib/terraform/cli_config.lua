-- SPDX-License-Identifier: Apache-2.0
-- Terraform's CLI configuration for our runs: a filesystem mirror of providers when there is one,
-- direct download otherwise. The user's own file is never read or changed.

local fs = require "std.fs"
local error_of = require "std.error"

local M = {}

local HOST = { terraform = "registry.terraform.io", tofu = "registry.opentofu.org" }
local PROVIDER = "hashicorp/aws"

--- Where the aws provider lives for a tool: its registry's name of it.
---@param kind "terraform"|"tofu"
---@return string
function M.address(kind) return HOST[kind] .. "/" .. PROVIDER end

-- Terraform's implied mirrors, then the usual places of administrators.
local function roots()
  local home = os.getenv("HOME")
  local data = os.getenv("XDG_DATA_HOME")
  local list = {}
  local function add(path) if path then list[#list + 1] = path end end
  add(home and home .. "/.terraform.d/plugins")
  add(data and data .. "/terraform/plugins" or (home and home .. "/.local/share/terraform/plugins"))
  for _, path in ipairs { "/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins",
    "/usr/lib/terraform/plugins" } do add(path) end
  for _, entry in ipairs(fs.list("/opt") or {}) do
    if entry.type ~= "file" then add("/opt/" .. entry.name) end
  end
  return list
end

-- A mirror is known by its layout: <root>/<host>/hashicorp/aws/<version>.
local function is_mirror(root)
  return fs.exists(fs.join(root, HOST.terraform, PROVIDER))
    or fs.exists(fs.join(root, HOST.tofu, PROVIDER))
end

--- The mirror's root: the configured one, or the first that has the layout; nil for none.
---@param configured? string
function M.find_mirror(configured)
  if configured then return configured end
  for _, root in ipairs(roots()) do
    if is_mirror(root) then return root end
  end
  return nil
end

-- OpenTofu looks under another host name: a folder of links serves the same files.
local function mirror_for(tool)
  local own = fs.join(tool.mirror, HOST[tool.kind])
  if fs.exists(own) then return tool.mirror end
  local linked = fs.join(tool.home, "mirror")
  local ok, err = fs.mkdir(linked)
  if not ok then return nil, err end
  local link = fs.join(linked, HOST[tool.kind])
  if not fs.exists(link) then
    local made, why = require("luv").fs_symlink(fs.join(tool.mirror, HOST.terraform), link)
    if not made then
      return nil, error_of.new { op = "provider mirror", code = "io", message = tostring(why) }
    end
  end
  return linked
end

local function render(mirror)
  if not mirror then return "disable_checkpoint = true\n" end
  return ([[
disable_checkpoint = true
provider_installation {
  filesystem_mirror {
    path = %q
  }
}
]]):format(mirror)
end

--- Writes the file; returns its path. tool.served becomes the mirror as the tool sees it.
function M.write(tool)
  local mirror, err
  if tool.mirror then
    mirror, err = mirror_for(tool)
    if not mirror then return nil, err end
    tool.served = mirror
  end
  local path = fs.join(tool.home, "cli.tfrc")
  local ok
  ok, err = fs.write(path, render(mirror))
  if not ok then return nil, err end
  return path
end

return M
