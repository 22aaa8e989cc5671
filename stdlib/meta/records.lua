-- SPDX-License-Identifier: Apache-2.0
-- The records of the artifact repository: every field name is written here and nowhere else.
-- The store checks what it writes against these tables and the JSON Schemas are made from them.
--
-- A field is {name, type, required=, enum=, items=, values=, fields=, above=, min=, min_items=,
-- help=}.
-- Types: string integer number boolean object array map record, and the named strings
-- hash uuid datetime date url (see std.meta.types). `record` names another table by `of`.

local STATUSES = { "PASSED", "PARTIAL", "FAILED", "TIMEOUT", "ERROR" }
local GOOD = { "PASSED", "PARTIAL" }
local BAD = { "FAILED", "TIMEOUT", "ERROR" }
local CLASSES = { "regression", "flaky", "environment", "corpus" }
local SOURCES = { "terraform_registry", "github", "serverless", "cdk" }

local MAX_SHARDS <const> = 10000

local M = { MAX_SHARDS = MAX_SHARDS,
  STATUSES = STATUSES, GOOD = GOOD, BAD = BAD, SOURCES = SOURCES, CLASSES = CLASSES }

M.architecture = {
  title = "Architecture", file = "architectures/{hash}/metadata.json",
  { "hash", "hash", required = true, help = "first 16 hex digits of the content's SHA-256" },
  { "source_url", "url", required = true, help = "where it was found" },
  { "source_type", "string", required = true, enum = SOURCES },
  { "discovered_at", "datetime", required = true },
  { "services", "array", required = true, items = { "", "string" }, min_items = 1 },
  { "resource_count", "integer", required = true, min = 1 },
  { "name", "string" },
  { "description", "string" },
  { "version", "string" },
  { "skipped", "boolean", help = "true when unsupported services are used" },
  { "skip_reason", "string" },
}

M.test_app = {
  title = "Test app", file = "apps/{arch_hash}/generated_at.json",
  { "arch_hash", "hash", required = true },
  { "generated_at", "datetime", required = true },
  { "generator_version", "string", required = true },
  { "model_used", "string", required = true, help = "model, or the rule set's name" },
  { "input_tokens", "integer", required = true, min = 0 },
  { "output_tokens", "integer", required = true, min = 0 },
}
M.APP_FILES = { "conftest.py", "app.py", "test_app.py", "requirements.txt" }

M.emulator = {
  title = "Emulator of a run",
  { "name", "string", required = true },
  { "version", "string" },
  { "driver", "string" },
  { "image", "string" },
}

M.shard = {
  title = "Shard: a part of a run, kept outside of runs/ until it is merged",
  { "set", "string", required = true, help = "the same for the shards of one run" },
  { "index", "integer", required = true, min = 1, max = MAX_SHARDS },
  { "count", "integer", required = true, min = 1, max = MAX_SHARDS },
  { "history", "uuid", help = "the run whose durations balance the shards" },
  { "name", "string", help = "of the job that made them" },
}

M.conflict = {
  title = "An architecture with different verdicts from shards that ran twice",
  { "arch_hash", "hash", required = true },
  { "kept", "string", required = true, enum = STATUSES },
  { "dropped", "array", required = true, items = { "", "string", enum = STATUSES } },
}

M.merged = {
  title = "What a merged run was made of",
  { "set", "string", required = true },
  { "count", "integer", required = true, min = 1, max = MAX_SHARDS },
  { "name", "string", help = "of the job that made the shards" },
  { "shards", "array", required = true, items = { "", "integer" }, help = "the complete ones" },
  { "conflicts", "array", items = { "", "record", of = "conflict" } },
}

M.config = {
  title = "Configuration snapshot of a run", file = "runs/{run_id}/config.json",
  { "parallel", "integer", required = true, min = 1 },
  { "timeout", "number", required = true, above = 0, help = "seconds per architecture" },
  { "token_budget", "integer", required = true, min = 0 },
  { "dry_run", "boolean", required = true },
  { "run_id", "uuid", required = true },
  { "started_at", "datetime", required = true },
  { "localstack_version", "string", required = true },
  { "lsqm_version", "string", required = true },
  { "sequence", "integer", min = 1, help = "orders runs of the same second" },
  { "matrix", "uuid", help = "the same for the runs of one emulator matrix" },
  { "emulator", "record", of = "emulator" },
  { "terraform_version", "string", help = "kind and version: \"terraform 1.11.4\"" },
  { "provider_version", "string", help = "the aws provider where a root pins none" },
  { "shard", "record", of = "shard" },
  { "merged", "record", of = "merged" },
}

M.summary = {
  title = "Summary of a run", file = "runs/{run_id}/summary.json",
  { "total", "integer", required = true, min = 0 },
  { "passed", "integer", required = true, min = 0 },
  { "partial", "integer", required = true, min = 0 },
  { "failed", "integer", required = true, min = 0 },
  { "timeout", "integer", required = true, min = 0 },
  { "error", "integer", required = true, min = 0 },
  { "new_architectures", "integer", required = true, min = 0 },
  { "tokens_used", "integer", required = true, min = 0 },
  { "duration_seconds", "number", required = true, min = 0 },
  { "run_id", "uuid" },
  { "started_at", "datetime" },
  { "completed_at", "datetime" },
}

M.round = {
  title = "One more try of a verdict that got worse",
  { "status", "string", required = true, enum = STATUSES },
  { "reason", "string" },
  { "emulator_version", "string" },
  { "previous", "boolean", required = true, help = "on the emulator of the run before" },
  { "duration_seconds", "number", min = 0 },
}

M.refusal = {
  title = "An operation that the emulator answered with 500 or more",
  { "operation", "string", required = true },
  { "status", "integer", required = true, min = 500 },
  { "count", "integer", required = true, min = 1 },
}

M.drift = {
  title = "What a second plan would change",
  { "address", "string", required = true },
  { "attribute", "string", required = true },
}

M.result = {
  title = "Validation result", file = "runs/{run_id}/results/{arch_hash}.json",
  { "arch_hash", "hash", required = true },
  { "run_id", "uuid", required = true },
  { "status", "string", required = true, enum = STATUSES },
  { "started_at", "datetime", required = true },
  { "completed_at", "datetime", required = true },
  { "duration_seconds", "number", required = true, above = 0 },
  { "terraform_apply", "object", fields = {
    { "success", "boolean", required = true },
    { "resources_created", "integer", min = 0 },
    { "outputs", "object" },
    { "logs", "string" },
  } },
  { "pytest_results", "object", required_when = { "status", { "PASSED", "PARTIAL", "FAILED" } },
    fields = {
      { "total", "integer", required = true, min = 0 },
      { "passed", "integer", required = true, min = 0 },
      { "failed", "integer", required = true, min = 0 },
      { "skipped", "integer", required = true, min = 0 },
      { "output", "string" },
    } },
  { "container_logs", "string" },
  { "error_message", "string", required_when = { "status", { "ERROR" } } },
  { "reason", "string", help = "why the status is what it is, one line" },
  { "refused", "array", help = "operations that the emulator answered with 500 or more",
    items = { "", "record", of = "refusal" } },
  { "hung", "object", help = "the request that got no answer", fields = {
    { "operation", "string", required = true },
    { "seconds", "number", required = true, min = 0 },
    { "address", "string", help = "the resource that asked for it" },
  } },
  { "convergence", "object", help = "never part of the status", fields = {
    { "plan", "string", required = true, enum = { "empty", "drift", "failed", "skipped" } },
    { "destroy", "string", enum = { "clean", "left", "failed", "skipped" } },
    { "drift", "array", items = { "", "record", of = "drift" } },
    { "error", "string", help = "why the plan failed" },
  } },
  { "provider_version", "string", help = "the aws provider that deployed it" },
  { "inputs", "string", help = "SHA-256 of all that the verdict depends on" },
  { "cached_from", "uuid", help = "the run that this verdict was taken over from (--cached)" },
  { "attempts", "integer", min = 1, help = "tries until the harness itself did not fail" },
  { "confirmation", "object", help = "only where the verdict got worse", fields = {
    { "class", "string", required = true, enum = CLASSES },
    { "reason", "string", required = true },
    { "rounds", "array", required = true, items = { "", "record", of = "round" } },
  } },
}

M.regression = {
  title = "Regression",
  { "arch_hash", "hash", required = true },
  { "architecture_name", "string" },
  { "from_run_id", "uuid", required = true },
  { "to_run_id", "uuid", required = true },
  { "from_status", "string", required = true, enum = GOOD },
  { "to_status", "string", required = true, enum = BAD },
  { "detected_at", "datetime", required = true },
  { "services_affected", "array", required = true, items = { "", "string" } },
  { "confirmed", "boolean", help = "seen again in a fresh emulator; absent: not tried" },
  { "github_issue_url", "url" },
}

M.regressions = {
  title = "Regressions", file = "trends/regressions.json",
  list_of = "regression",
}

M.service_history = {
  title = "One run of a service's history",
  { "run_id", "uuid", required = true },
  { "run_date", "date", required = true },
  { "total", "integer", required = true, min = 1 },
  { "passed", "integer", required = true, min = 0 },
  { "pass_rate", "number", required = true, min = 0, max = 1 },
  { "started_at", "datetime", help = "orders the runs of one day" },
  { "emulator", "string", help = "rates are compared within one emulator only" },
}

M.service_trend = {
  title = "Service trend",
  { "service_name", "string", required = true },
  { "current_pass_rate", "number", required = true, min = 0, max = 1 },
  { "previous_pass_rate", "number", min = 0, max = 1 },
  { "trend", "string", required = true, enum = { "improving", "stable", "declining" } },
  { "architecture_count", "integer", required = true, min = 0 },
  { "history", "array", required = true, items = { "", "record", of = "service_history" },
    max_items = 12 },
}

M.service_trends = {
  title = "Service trends", file = "trends/services.json",
  { "version", "integer", required = true, min = 1 },
  { "last_updated", "datetime", required = true },
  { "services", "map", required = true, values = { "", "record", of = "service_trend" } },
}

M.architecture_history = {
  title = "One run of an architecture's history",
  { "run_id", "uuid", required = true },
  { "status", "string", required = true, enum = STATUSES },
  { "started_at", "datetime" },
  { "emulator", "string" },
  { "streak", "integer", min = 1, help = "equal verdicts in a row up to this run" },
}

M.architecture_trend = {
  title = "Architecture trend",
  { "name", "string", required = true },
  { "current_status", "string", required = true, enum = STATUSES },
  { "streak", "integer", required = true, min = 1 },
  { "history", "array", required = true, items = { "", "record", of = "architecture_history" },
    max_items = 12 },
}

M.architecture_trends = {
  title = "Architecture trends", file = "trends/architectures.json",
  { "version", "integer", required = true, min = 1 },
  { "last_updated", "datetime", required = true },
  { "architectures", "map", required = true, keys = "hash",
    values = { "", "record", of = "architecture_trend" } },
}

M.index_entry = {
  title = "Index entry",
  { "source_url", "url", required = true },
  { "source_type", "string", required = true, enum = SOURCES },
  { "discovered_at", "datetime", required = true },
  { "has_app", "boolean", required = true },
  { "last_validated", "datetime" },
  { "last_status", "string", enum = STATUSES },
}

M.index = {
  title = "Index of architectures", file = "architectures/index.json",
  { "version", "integer", required = true, min = 1 },
  { "last_updated", "datetime", required = true },
  { "count", "integer", required = true, min = 0 },
  { "architectures", "map", required = true, keys = "hash",
    values = { "", "record", of = "index_entry" } },
}

-- One schema file per stored file.
M.FILES = { "architecture", "test_app", "config", "summary", "result", "regressions",
  "service_trends", "architecture_trends", "index" }

return M
