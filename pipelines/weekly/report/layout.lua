-- SPDX-License-Identifier: Apache-2.0
-- The report from top to bottom. A string names report/sections/<name>.lua; a table is a section
-- of your own: { name = "note", render = function(view) return h.p("…") end }, where
-- h is require "std.html". What render returns as plain text is escaped.
return {
  "header",
  "regressions",
  "summary",
  "trends",
  "matrix",
  "services",
  "failures",
  "architectures",
  "convergence",
  "skipped",
  "footer",
}
