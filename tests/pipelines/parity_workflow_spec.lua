-- SPDX-License-Identifier: Apache-2.0
-- The workflow and environment state machines of parity: every pair of stages, history with
-- durations, the session file.

local contracts = require("std.contracts").of "parity"
local fs = require "std.fs"
local json = require "std.json"
local lab_of = dofile(debug.getinfo(1, "S").source:match("^@(.*)[/\\]") .. "/parity_lab.lua")
local records = require "pipelines.parity.model.records"
local table_of = require "std.table"
local time = require "std.time"
local workflow = require "pipelines.parity.model.workflow"

-- The arrows of the document, and the two readings that rules/workflow.lua explains.
local ARROWS = table_of.set {
  "uninitialized>provisioning", "provisioning>ready", "ready>active_development",
  "active_development>ready", "active_development>testing", "testing>active_development",
  "debugging>paused", "paused>ready", "paused>stopped", "stopped>ready", "stopped>failed",
  "failed>provisioning", "provisioning>failed",
  "ready>debugging", "ready>paused", "ready>stopped", "ready>failed",
  "active_development>debugging", "active_development>paused", "active_development>stopped",
  "active_development>failed", "testing>debugging", "testing>paused", "testing>stopped",
  "testing>failed", "debugging>stopped", "debugging>failed", "paused>failed",
}
local STATES = table_of.set {
  "uninitialized>provisioning", "provisioning>healthy", "healthy>degraded", "degraded>failed",
  "healthy>stopped", "degraded>stopped", "stopped>terminated", "provisioning>failed",
  "degraded>healthy", "stopped>provisioning", "terminated>provisioning", "failed>provisioning",
  "failed>stopped",
}

describe("parity's state machines", function()
  local lab, ctx

  before_each(function()
    lab = lab_of.new()
    ctx = { config = { workspace = lab.dir.path } }
  end)
  after_each(function() lab:close() end)

  local function session_in(stage, entered)
    local session = workflow.load(ctx, "local-shop", "ryan")
    session.current_stage = stage
    session.last_transition = entered or session.last_transition
    return session
  end

  it("accept the document's transitions of stages and refuse all others", function()
    for _, from in ipairs(records.STAGES) do
      for _, to in ipairs(records.STAGES) do
        local session = session_in(from)
        local before = json.encode(session)
        local ok, err = workflow.enter(session, to)
        local pair = from .. ">" .. to
        assert.equal(ARROWS[pair] == true, ok ~= nil, pair)
        if not ok then
          assert.same({ "usage", before }, { err.code, json.encode(session) }, pair)
        else
          assert.equal(to, session.current_stage)
        end
      end
    end
  end)

  it("accept the transitions of an environment's states and refuse all others", function()
    for _, from in ipairs(records.STATES) do
      for _, to in ipairs(records.STATES) do
        local environment = { state = from }
        local ok = workflow.enter_state(environment, to)
        assert.equal(from == to or STATES[from .. ">" .. to] == true, ok ~= nil, from .. ">" .. to)
        assert.equal(ok and to or from, environment.state)
      end
    end
  end)

  it("keep a history with durations, triggers and commands", function()
    local session = session_in("ready", time.iso(time.now() - 125))
    assert(workflow.enter(session, "active_development", { command = "lsqm parity status",
      details = "ticket", trigger = "manual" }))
    local row = session.stage_history[1]
    assert.same({ "ready", "active_development", "manual", "ticket", 2, "lsqm parity status",
      "local-shop/ryan" }, { row.from_stage, row.to_stage, row.trigger, row.trigger_details,
      row.metadata.duration_in_previous_stage_minutes, row.metadata.associated_command,
      row.workflow_state_id })
    assert(contracts.check("stage_transition", row))
    assert(contracts.check("workflow_state", session))
  end)

  it("count restarts", function()
    local session = session_in "stopped"
    workflow.enter(session, "ready")
    workflow.enter(session, "failed")
    workflow.enter(session, "provisioning")
    workflow.enter(session, "ready")
    assert.equal(2, session.metadata.total_restarts)
  end)

  it("hide secrets in what is noted", function()
    local session = session_in "ready"
    workflow.enter(session, "failed", { details = "cannot reach postgres://u:hunter2@db" })
    assert.is_nil(session.stage_history[1].trigger_details:find("hunter2", 1, true))
  end)

  describe("the session file", function()
    before_each(function()
      lab:write { ["compose.yaml"] = "name: shop\nservices: {web: {image: nginx}}\n",
        ["other.yaml"] = "name: other\nservices: {web: {image: nginx}}\n" }
    end)

    local function session()
      return assert(contracts.read(lab:path "contexts/sessions/ryan/current-session.yml",
        "workflow_state"))
    end

    it("is made by init, moved by status --enter, and keeps its task", function()
      assert.equal(0, lab:run({ "init" }).code)
      assert.same({ "local-shop", "ryan", "uninitialized" }, { session().environment_id,
        session().developer, session().current_stage })
      local refused = lab:run { "status", "--enter", "testing" }
      assert.equal(2, refused.code)
      assert.is_truthy(refused.stderr:find(
        "from uninitialized one cannot go to testing; possible: provisioning", 1, true))
      for _, to in ipairs { "provisioning", "ready", "active_development", "testing" } do
        assert.equal(0, lab:run({ "status", "--enter", to }).code)
      end
      lab:run { "status", "--task", "a test", "--ticket", "OPS-1" }
      local now = session()
      assert.same({ "testing", 4, "a test", "OPS-1" }, { now.current_stage, #now.stage_history,
        now.active_task.description, now.active_task.jira_ticket })
      local shown = lab:json { "status", "--json" }
      assert.same({ "testing", "unknown", "uninitialized" }, { shown.workflow.current_stage,
        shown.services[1].state, shown.state })
      assert.is_truthy(lab:run({ "history" }).stdout:find("ready -> active_development", 1, true))
    end)

    it("of another environment is put aside and comes back", function()
      lab:run { "status", "--enter", "provisioning" }
      lab:run { "status", "--enter", "provisioning", "-f", "other.yaml" }
      assert.equal("local-other", session().environment_id)
      lab:run { "status", "--enter", "ready" }
      assert.same({ "local-shop", "ready", 2 }, { session().environment_id,
        session().current_stage, #session().stage_history })
    end)

    it("is left alone when it is broken, and named", function()
      lab:run { "init" }
      local path = lab:path "contexts/sessions/ryan/current-session.yml"
      assert(fs.write(path, "current_stage: dancing\n"))
      local result = lab:run { "status" }
      assert.equal(2, result.code)
      assert.is_truthy(result.stderr:find("current-session.yml", 1, true))
      assert.equal("current_stage: dancing\n", fs.read(path))
    end)
  end)

  it("quotes no secret that stands where it does not belong", function()
    lab:write { [".env"] = "DB_PASSWORD=never-to-be-seen\n", ["compose.yaml"] =
      "services: {a: {image: x, ports: ['${DB_PASSWORD}:80']}}\n" }
    local result = lab:run { "init" }
    assert.equal(2, result.code)
    assert.is_truthy(result.stderr:find("ports: '***' is no host port", 1, true), result.stderr)
    lab:write { ["compose.yaml"] = "services: {a: {image: x, mem_limit: $API_TOKEN}}\n" }
    result = lab:run({ "init" }, { env = { API_TOKEN = "tok-of-the-shell" } })
    assert.is_nil(result.stderr:find("tok-of", 1, true), result.stderr)
  end)

  it("init refuses an environment that breaks its rules and records a good one", function()
    lab:write { ["compose.yaml"] = "name: shop\nservices: {db: {image: postgres}}\n" }
    local result = lab:run { "init" }
    assert.equal(2, result.code)
    assert.is_truthy(lab:short(result.stderr):find(
      "compose.yaml:2: error: service 'db' is infrastructure (patroni) and needs a health check",
      1, true), result.stderr)
    assert.is_truthy(result.stderr:find("hint: --allow infrastructure-health", 1, true))
    assert.is_false(fs.exists(lab:path "environments"))
    local shown = lab:json { "init", "--allow", "infrastructure-health", "--json" }
    assert.is_true(contracts.check("environment", shown))
    assert.equal(0, lab:run({ "status" }).code)
    lab:write { ["compose.yaml"] = "name: shop\nservices: {a: {image: 'x:$NOPE'}}\n" }
    result = lab:run { "init" }
    assert.equal(0, result.code, result.stderr)
    assert.is_truthy(result.stderr:find("variable NOPE is not set", 1, true))
    assert.is_truthy(contracts.read(lab:path "environments/local-shop.json", "environment"))
  end)
end)
