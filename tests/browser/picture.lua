-- SPDX-License-Identifier: Apache-2.0
-- Takes a picture of the report of a made-up store, for eyes and for README:
--   build/lsqm exec tests/browser/picture.lua FILE.png [width height light|dark|phone [#anchor]]

local driver = dofile "tests/browser/driver.lua"
local fixture = dofile "tests/pipelines/fixture.lua"
local fs = require "std.fs"
local resolve = require "std.resolve"
local synthetic = dofile "tests/bench/synthetic.lua"

local file, width, height, kind, anchor = ...
if not file then error("which file shall the picture go to?", 0) end
width, height = tonumber(width) or 1200, tonumber(height) or 1800

local dir <close> = assert(fs.tempdir("picture-"))
local store = synthetic.make(dir.path, { architectures = 150, runs = 12, log_lines = 40 })
assert(resolve.load("weekly", "report").run(fixture.context(store), {}))
local browser <close> = driver.open()
browser:resize { width = width, height = height, mobile = kind == "phone",
  scale = kind == "phone" and 2 or 1 }
browser:media { ["prefers-color-scheme"] = kind == "dark" and "dark" or "light" }
browser:go("file://" .. store:path("reports", "latest", "index.html") .. (anchor or ""))
browser:screenshot(file)
return 0
