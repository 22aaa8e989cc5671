-- SPDX-License-Identifier: Apache-2.0
-- The entities of validator: every field name is written here and nowhere else. The JSON Schemas in
-- contracts/ are made from these tables and every file that is written is checked against them.
-- See std.meta.records for what a field is. What is optional is left out, never null.

local fields = require "std.meta.fields"

local req, opt = fields.req, fields.opt

local function count(name) return req(name, "integer", { min = 0 }) end
local function seconds(name) return req(name, "number", { min = 0, help = "seconds" }) end
local function rate(name) return req(name, "number", { min = 0, max = 1 }) end
local function list(name, kind, least)
  return req(name, "array", { items = { "", kind }, min_items = least })
end

-- A table's fields but for some: what a file holds whose texts lie beside it.
local function without(record, names, title, file)
  local out = { title = title, file = file }
  for _, field in ipairs(record) do
    if not names[field[1]] then out[#out + 1] = field end
  end
  return out
end

local M = {}

M.SOURCE_TYPES = { "github_repo", "terraform_registry", "diagram" }
M.STATUSES = { "pending", "normalized", "conversion_failed", "generation_failed", "ready" }
M.RESULTS = { "passed", "partial", "failed", "skipped", "timeout" }
M.FORMATS = { "cloudformation", "terraform", "sam", "serverless", "cdk", "diagram" }
M.COMPLEXITIES = { "low", "medium", "high" }

-- sources -----------------------------------------------------------------------------------------

M.template_source = { title = "TemplateSource",
  req("id", "source_id"), req("name", "text"),
  req("source_type", "string", { enum = M.SOURCE_TYPES }), req("url", "url"),
  opt("last_mined_at", "datetime"), opt("last_commit_sha", "commit"),
  opt("enabled", "boolean", { help = "true where it is not said" }),
}
M.sources = { title = "Sources", file = "config/sources.yaml",
  req("sources", "array", { items = { "", "record", of = "template_source" } }),
}
M.source_state = { title = "What is known of a source since it was mined last",
  req("last_mined_at", "datetime"), opt("last_commit_sha", "commit"),
}
M.sources_state = { title = "SourcesState", file = "cache/sources_state.json",
  req("sources", "map", { keys = "source_id", values = { "", "record", of = "source_state" } }),
}

-- architectures -----------------------------------------------------------------------------------

M.architecture_metadata = { title = "ArchitectureMetadata",
  list("services", "service"), count "resource_count",
  req("complexity", "string", { enum = M.COMPLEXITIES }),
  req("original_format", "string", { enum = M.FORMATS }),
  opt("diagram_confidence", "number", { min = 0, max = 1 }),
}
M.architecture = { title = "Architecture",
  req("id", "architecture_id"), req("source_id", "source_id"), req("template_path", "text"),
  req("source_type", "string", { enum = { "template", "diagram" } }),
  req("status", "string", { enum = M.STATUSES }),
  req("terraform_content", "string"), opt("variables_content", "string"),
  opt("outputs_content", "string"), opt("metadata", "record", { of = "architecture_metadata" }),
  req("created_at", "datetime"), req("updated_at", "datetime"),
  req("content_hash", "string", { help = "SHA-256 of terraform_content; empty without one" }),
  opt("synthesis_notes", "string"),
  opt("status_reason", "text", { help = "ours: why it failed" }),
  opt("template_digest", "sha256", { help = "ours: by which a changed template is known" }),
  opt("provider_aliases", "array", { help = "ours: as std.normalize gives them",
    items = { "", "object" } }),
}
M.architecture_file = without(M.architecture,
  { terraform_content = true, variables_content = true, outputs_content = true },
  "Architecture without the texts that lie beside it", "cache/architectures/{id}/metadata.json")

-- sample apps -------------------------------------------------------------------------------------

M.sample_app = { title = "SampleApp",
  req("architecture_id", "architecture_id"),
  req("source_code", "map", { values = { "", "string" } }),
  req("test_code", "map", { values = { "", "string" } }),
  list("requirements", "text", 3),
  req("compile_status", "string", { enum = { "success", "failed", "pending" } }),
  opt("compile_errors", "string"), req("generated_at", "datetime"),
  req("prompt_version", "text"), count "token_usage",
}
M.sample_app_file = without(M.sample_app, { source_code = true, test_code = true },
  "SampleApp without its code", "cache/apps/{content_hash}/metadata.json")

-- runs --------------------------------------------------------------------------------------------

M.run_statistics = { title = "RunStatistics", count "total_architectures", count "passed",
  count "partial", count "failed", count "skipped",
  opt("timeout", "integer", { min = 0, help = "ours: of failed, those that took too long" }),
  opt("unjudged", "integer", { min = 0, help = "ours: of skipped, what the harness failed at" }),
  rate "pass_rate",
}
M.stage_timing = { title = "StageTiming", seconds "mining_seconds", seconds "generation_seconds",
  seconds "running_seconds", seconds "reporting_seconds", seconds "total_seconds",
}
M.work_done = { title = "What was done for the next run", file = "cache/work_done.json",
  opt("mining_seconds", "number", { min = 0 }), opt("generation_seconds", "number", { min = 0 }),
  opt("token_usage", "integer", { min = 0 }),
}
M.validation_run = { title = "ValidationRun", file = "docs/data/runs/{run_id}.json",
  req("id", "validation_run_id"), req("started_at", "datetime"), opt("completed_at", "datetime"),
  req("status", "string", { enum = { "running", "completed", "failed" } }),
  req("trigger", "string", { enum = { "scheduled", "manual" } }),
  req("parallelism", "integer", { min = 1 }), req("localstack_version", "text"),
  opt("statistics", "record", { of = "run_statistics" }),
  opt("timing", "record", { of = "stage_timing" }), list("results", "text"),
  count "token_usage", count "token_budget",
}
M.infrastructure_result = { title = "InfrastructureResult",
  req("success", "boolean"), seconds "duration_seconds", list("resources_created", "text"),
  opt("errors", "string"), opt("terraform_output", "string"),
}
M.test_failure = { title = "A test that failed",
  req("name", "text"), req("message", "string"), req("traceback", "string"),
}
M.test_result = { title = "TestResult", count "total", count "passed", count "failed",
  count "skipped", seconds "duration_seconds",
  req("failures", "array", { items = { "", "record", of = "test_failure" } }),
}
M.log_bundle = { title = "LogBundle", req("terraform_log", "string"),
  req("localstack_log", "string"), req("app_log", "string"), req("test_output", "string"),
}
M.architecture_result = { title = "ArchitectureResult",
  file = "docs/data/runs/{run_id}/{architecture_id}.json",
  req("id", "text"), req("run_id", "validation_run_id"),
  req("architecture_id", "architecture_id"),
  req("status", "string", { enum = M.RESULTS }),
  opt("infrastructure", "record", { of = "infrastructure_result" }),
  opt("tests", "record", { of = "test_result" }), opt("logs", "record", { of = "log_bundle" }),
  seconds "duration_seconds", opt("issue_number", "integer", { min = 1 }),
  opt("suggested_issue_title", "text"),
  opt("reason", "string", { help = "ours: why the status is what it is, one line" }),
  opt("harness_error", "string", { help = "ours: of a skipped one, what kept it from a verdict" }),
}

-- tracker, coverage, site -------------------------------------------------------------------------

M.failure_entry = { title = "FailureEntry", req("architecture_id", "architecture_id"),
  req("consecutive_failures", "integer", { min = 1 }),
  req("first_failure_run", "validation_run_id"), req("last_failure_run", "validation_run_id"),
  opt("issue_number", "integer", { min = 1 }), opt("issue_created_at", "datetime"),
}
M.failure_tracker = { title = "FailureTracker", file = "docs/data/failure_tracker.json",
  opt("last_run", "validation_run_id", { help = "ours: the newest run that is counted" }),
  req("entries", "map", { keys = "architecture_id",
    values = { "", "record", of = "failure_entry" } }),
}
M.service_coverage = { title = "ServiceCoverage", req("service_name", "service"),
  count "architectures_tested", count "architectures_passed", count "architectures_failed",
  rate "pass_rate", req("last_tested_run", "validation_run_id"),
}
M.latest_result = { title = "An architecture's newest result, a row of the site's table",
  req("architecture_id", "architecture_id"), req("run_id", "validation_run_id"),
  req("status", "string", { enum = M.RESULTS }),
  seconds "duration_seconds", list("services", "service"), req("source_type", "string"),
  opt("reason", "string"), opt("issue_number", "integer", { min = 1 }),
  opt("diagram_confidence", "number", { min = 0, max = 1 }), opt("synthesis_notes", "string"),
}
M.run_line = { title = "A run in the list of runs", req("id", "validation_run_id"),
  req("started_at", "datetime"), opt("statistics", "record", { of = "run_statistics" }),
}
M.latest = { title = "Latest", file = "docs/data/latest.json", req("generated_at", "datetime"),
  req("run", "record", { of = "validation_run" }),
  opt("issues_url", "url", { help = "where issues have their numbers" }),
  req("results", "array", { items = { "", "record", of = "latest_result" } }),
  req("service_coverage", "array", { items = { "", "record", of = "service_coverage" } }),
  req("runs", "array", { items = { "", "record", of = "run_line" } }),
}

M.ENTITIES = { "template_source", "sources", "source_state", "sources_state",
  "architecture_metadata", "architecture", "architecture_file", "sample_app", "sample_app_file",
  "run_statistics", "stage_timing", "work_done", "validation_run", "infrastructure_result",
  "test_result", "log_bundle", "architecture_result", "failure_entry", "failure_tracker",
  "service_coverage", "latest" }

return M
