-- SPDX-License-Identifier: Apache-2.0
local expr = require "std.normalize.expr"
local values = require "std.normalize.cfn.values"

-- Each exclusion is a list of tags, in Terraform a map.
local function resource_tags(self, value, body)
  local items = {}
  for i, tags in ipairs(type(value) == "table" and value or {}) do
    items[i] = values.pairs_map(self, tags, {})
  end
  body:set("resource_tags", expr.list(items))
end

local UNUSED = { to = "unused_access", props = { AnalysisRule = { to = "analysis_rule", props = {
  Exclusions = { to = "exclusion", props = { ResourceTags = resource_tags } } } } } }

return {
  ["AWS::AccessAnalyzer::Analyzer"] = {
    type = "aws_accessanalyzer_analyzer", ref = "arn", name = "analyzer_name",
    props = {
      AnalyzerConfiguration = { to = "configuration", props = {
        UnusedAccessConfiguration = UNUSED } },
      ArchiveRules = { separate = "aws_accessanalyzer_archive_rule", suffix = "rule",
        link = { analyzer_name = "analyzer_name" },
        props = { Filter = { to = "filter", props = { Property = "criteria" } } } },
    },
  },
}
