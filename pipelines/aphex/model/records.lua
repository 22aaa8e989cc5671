-- SPDX-License-Identifier: Apache-2.0
-- The entities of aphex: every field name is written here and nowhere else. The JSON Schemas in
-- contracts/ are made from these tables and every file that is written is checked against them.
-- See std.meta.records for what a field is. What is optional is left out, never null.

local fields = require "std.meta.fields"

local req, opt = fields.req, fields.opt

local function texts(name, least)
  return req(name, "array", { items = { "", "text" }, min_items = least })
end

local function list(name, of, least)
  return req(name, "array", { items = { "", "record", of = of }, min_items = least })
end

local M = {}

M.STATUSES = { "running", "succeeded", "failed" }

-- aphex-config.yaml -------------------------------------------------------------------------------

M.aphex_config = { title = "AphexConfig", file = "aphex-config.yaml",
  req("version", "string", { enum = { "1.0" } }),
  req("build", "record", { of = "build_config" }),
  list("environments", "environment_config", 1),
  opt("requires", "record", { of = "requirements" }),
}
M.build_config = { title = "BuildConfig",
  texts("commands", 1),
  opt("artifacts", "array", { items = { "", "text" }, help = "files and folders to keep" }),
}
M.environment_config = { title = "EnvironmentConfig",
  req("name", "text"), req("region", "text"), req("account", "account"),
  list("stacks", "stack_config", 1),
  opt("tests", "record", { of = "test_config" }),
}
M.stack_config = { title = "StackConfig", req("name", "text"), req("path", "text") }
M.test_config = { title = "TestConfig",
  opt("commands", "array", { items = { "", "text" } }),
}
M.requirements = { title = "Requirements",
  opt("tools", "array", { items = { "", "text" }, help = "programs that must answer" }),
  opt("context", "array", { items = { "", "text" }, help = "keys that cdk.json must have" }),
}

-- what happened -----------------------------------------------------------------------------------

M.stage_metadata = { title = "StageMetadata",
  req("stage_name", "text"), req("started_at", "datetime"), opt("completed_at", "datetime"),
  req("status", "string", { enum = M.STATUSES }), opt("error_message", "string"),
}
M.workflow_metadata = { title = "WorkflowMetadata", file = "workflows/{workflow_id}.json",
  req("workflow_id", "text"), req("commit_sha", "sha"), req("branch", "text"),
  req("triggered_at", "datetime"), opt("completed_at", "datetime"),
  req("status", "string", { enum = M.STATUSES }), list("stages", "stage_metadata"),
}
M.artifact_metadata = { title = "ArtifactMetadata",
  file = "s3://{bucket}/{commit_sha}/{name}.metadata.json",
  req("commit_sha", "sha"), req("timestamp", "datetime"), req("s3_path", "s3_path"),
  req("artifact_type", "text"), req("size_bytes", "integer", { min = 0 }),
  req("checksum", "sha256"),
}
M.github_event = { title = "GitHubEvent",
  req("commit_sha", "sha"), req("branch", "text"), req("repo_url", "url"),
  req("author", "text"), req("message", "string"), req("timestamp", "datetime"),
}

local function result(title, file, ...)
  return { title = title, file = file,
    req("success", "boolean"), req("duration", "number", { min = 0, help = "seconds" }), ... }
end

local function run_fields()
  return req("exit_code", "integer"), req("stdout", "string"), req("stderr", "string")
end

local code, out, err = run_fields()
M.build_result = result("BuildResult", "results/build.json", code, out, err,
  req("artifacts", "array", { items = { "", "text" } }))
M.test_execution_result = result("TestExecutionResult", "results/test-{environment}.json",
  code, out, err, req("test_count", "integer", { min = 0 }),
  req("passed_count", "integer", { min = 0 }), req("failed_count", "integer", { min = 0 }))
M.deployment_result = result("DeploymentResult", "results/deploy-{environment}/{stack}.json",
  req("stack_name", "text"),
  req("stack_outputs", "map", { values = { "", "string" } }),
  req("cloudformation_events", "array", { items = { "", "object" } }))

M.ENTITIES = { "aphex_config", "build_config", "environment_config", "stack_config",
  "test_config", "workflow_metadata", "stage_metadata", "artifact_metadata", "github_event",
  "build_result", "test_execution_result", "deployment_result" }

return M
