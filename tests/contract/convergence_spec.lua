-- SPDX-License-Identifier: Apache-2.0
-- What does not stay as it was deployed, with the real terraform and MiniStack: the attributes that
-- a second plan would change are recorded, beside a status that says nothing of them.
local here = debug.getinfo(1, "S").source:match("^@(.*)[/\\]")
local lab_of = dofile(here .. "/../pipelines/lab.lua")
local fs = require "std.fs"
local json = require "std.json"
local process = require "std.process"

-- MiniStack 1.5.33 does not give back what an alarm was made with.
local ALARM <const> = [[
resource "aws_cloudwatch_metric_alarm" "late" {
  alarm_name          = "late"
  namespace           = "Shop"
  metric_name         = "Age"
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 60
  period              = 60
  evaluation_periods  = 5
}
]]

local APP <const> = { ["conftest.py"] = "", ["app.py"] = "",
  ["requirements.txt"] = "boto3\npytest\n",
  ["test_app.py"] = [[
import os

import boto3


def test_has_an_alarm():
    client = boto3.client("cloudwatch", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    [alarm] = client.describe_alarms()["MetricAlarms"]
    assert alarm["AlarmName"] == "late"
]] }

local function missing()
  if not (process.which "terraform" or process.which "tofu") then return "no terraform" end
  local stock = process.run { argv = { require("std.python").find(nil), "-c",
    "import pytest, boto3, ministack" } }
  return (not stock or stock.code ~= 0) and "the stock Python environment is not set up" or nil
end

describe("an attribute that drifts", function()
  it("is recorded, counted and shown beside the status, which it does not change", function()
    local reason = missing()
    if reason then pending(reason) return end
    local lab <close> = lab_of.new { real = true }
    lab:put("a", { files = { ["main.tf"] = ALARM }, app = APP })
    lab:put_parameter_app "b"
    local result = lab:run({ "validate", "--json" },
      { config = "{ convergence = true }", timeout = 400 })
    assert.equal(0, result.code, result.stderr)
    local _, r = lab:latest()
    assert.same({ "PASSED", "PARTIAL" }, { r.a.status, r.b.status }, r.a.reason)
    assert.same({ "drift", "clean" }, { r.a.convergence.plan, r.a.convergence.destroy })
    assert.same({ "empty", "clean" }, { r.b.convergence.plan, r.b.convergence.destroy })
    local drifting = {}
    for _, drift in ipairs(r.a.convergence.drift) do
      assert.equal("aws_cloudwatch_metric_alarm.late", drift.address)
      drifting[drift.attribute] = true
    end
    assert.is_true(drifting.period and drifting.statistic)
    assert.same({}, (lab:check_contracts()))
    local view = json.decode(result.stdout:match("[^\n]+")).convergence
    assert.same({ 2, 1, "drifts", r.a.convergence.drift },
      { view.checked, view.settled, view.unsettled[1].word, view.unsettled[1].drift })
    assert.equal(0, lab:run({ "report" }).code)
    local html = assert(fs.read(lab.repo .. "/reports/latest/index.html"))
    assert.matches('<span class="tag"[^>]*>drifts</span>', html)
  end)
end)
