-- SPDX-License-Identifier: Apache-2.0
-- How to read the page, and what made it.
local h = require "std.html"

return {
  name = "footer",
  render = function(view)
    return h.footer(
      h.p("The pass rate is the share of architectures whose every test passed. ",
        "A regression went from passed or partial to failed, timeout or error. ",
        "A trend moves when the rate changes by more than two points."),
      h.p("lsqm ", view.run.lsqm_version))
  end,
}
