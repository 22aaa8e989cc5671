-- SPDX-License-Identifier: Apache-2.0
-- Globals are strict at run time too; what may be read is listed here, nothing may be written.
std = "lua54"
cache = false
max_line_length = 100
exclude_files = { "build", "build-*", "workspace", ".cache" }
self = false

-- The runtime hands its own table to the bootstrap.
files["stdlib/boot.lua"] = { globals = { "lsqm" } }
-- busted ends the process itself; its runner takes that over while it runs.
files["tests/busted.lua"] = { globals = { os = { fields = { "exit" }, other_fields = true } } }

-- busted gives these to the specs.
files["tests/**/*_spec.lua"] = {
  read_globals = {
    "describe", "context", "it", "pending", "before_each", "after_each", "setup", "teardown",
    "lazy_setup", "lazy_teardown", "strict_setup", "strict_teardown", "finally", "insulate",
    "expose", "spy", "stub", "mock", "match", assert = { other_fields = true },
  },
}
