-- SPDX-License-Identifier: Apache-2.0
-- fmt_prepare.lua CORPUS WORK: numbered copies of all .tf files, for terraform (*.theirs) and
-- formatted by us (*.ours); mangled ones have no indentation and no spaces around "=".
local hcl = require "std.hcl"
local fs = require "std.fs"

local corpus, work = ...

local function mangle(text)
  return (("\n" .. text):gsub("\n[ \t]+", "\n"):gsub("[ \t]*=[ \t]*", "="):sub(2))
end

local function save(kind, n, text)
  local name = ("%04d.tf"):format(n)
  assert(fs.write(fs.join(work, kind .. ".theirs", name), text))
  assert(fs.write(fs.join(work, kind .. ".ours", name), hcl.format(text) or text))
end

for _, kind in ipairs { "plain", "mangled" } do
  assert(fs.mkdir(fs.join(work, kind .. ".theirs")))
  assert(fs.mkdir(fs.join(work, kind .. ".ours")))
end
local n = 0
for _, path in ipairs(assert(fs.walk(corpus))) do
  if path:find("%.tf$") then
    n = n + 1
    local text = assert(fs.read(fs.join(corpus, path)))
    save("plain", n, text)
    save("mangled", n, mangle(text))
  end
end
return 0
