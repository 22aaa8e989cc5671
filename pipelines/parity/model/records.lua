-- SPDX-License-Identifier: Apache-2.0
-- The entities of parity: every field name is written here and nowhere else. The JSON Schemas in
-- contracts/ are made from these tables and every file that is written is checked against them.
--
-- A field is {name, type, required=, enum=, items=, values=, fields=, min=, help=}; see
-- std.meta.records for the types. What is optional is left out, never null.

local fields = require "std.meta.fields"

local req, opt = fields.req, fields.opt

local function list(name, of) return req(name, "array", { items = { "", "record", of = of } }) end
local function texts(name) return opt(name, "array", { items = { "", "string" } }) end
local function group(name, inner) return req(name, "object", { fields = inner }) end
local function strings(name) return req(name, "map", { values = { "", "string" } }) end
local function one_of(name, values) return req(name, "string", { enum = values }) end
local function count(name) return req(name, "integer", { min = 0 }) end

local M = {}

M.STAGES = { "uninitialized", "provisioning", "ready", "active_development", "testing",
  "debugging", "paused", "stopped", "failed" }
M.STATES = { "uninitialized", "provisioning", "healthy", "degraded", "failed", "stopped",
  "terminated" }
M.SEVERITIES = { "info", "warning", "error", "critical" }
M.IMPACTS = { "none", "low", "medium", "high", "critical" }

-- supporting types --------------------------------------------------------------------------------

M.port_mapping = { title = "PortMapping",
  req("host_port", "integer", { min = 0, max = 65535, help = "0: the engine chooses one" }),
  req("container_port", "integer", { min = 1, max = 65535 }),
  one_of("protocol", { "tcp", "udp" }), opt("host_ip", "string"),
}
M.environment_variable = { title = "EnvironmentVariable",
  req("key", "string"), req("value", "string", { help = "*** where it is secret" }),
  req("secret", "boolean"), one_of("source", { "inline", "file", "secret_manager" }),
}
M.health_endpoint = { title = "HealthEndpoint",
  req("url", "string"), one_of("method", { "GET", "POST", "HEAD" }),
  req("expected_status", "integer", { min = 100, max = 599 }),
  req("timeout_ms", "integer", { min = 1 }),
}
M.ipam_config = { title = "IPAMConfig",
  req("subnet", "string"), opt("gateway", "string"), opt("ip_range", "string"),
}
M.pipeline_artifact = { title = "PipelineArtifact",
  req("stage_id", "string"),
  one_of("type", { "test_results", "coverage_report", "build_artifact", "log_file" }),
  req("path", "string"), count "size_bytes", req("format", "string"),
}

-- the environment ---------------------------------------------------------------------------------

M.service_dependency = { title = "ServiceDependency",
  req("service_id", "string"), req("depends_on_service_id", "string"),
  one_of("condition", { "service_started", "service_healthy", "service_completed_successfully" }),
  req("restart", "boolean"),
  group("metadata", { one_of("criticality", { "required", "optional" }) }),
}
M.health_check_definition = { title = "HealthCheckDefinition",
  req("service_id", "string"),
  group("check", { texts "test", opt("interval", "string"), opt("timeout", "string"),
    opt("retries", "integer", { min = 0 }), opt("start_period", "string") }),
  list("endpoints", "health_endpoint"),
  opt("expected_response", "object", { fields = { opt("status_code", "integer"),
    opt("body_pattern", "string"), opt("json_path", "string") } }),
}
M.volume_mount = { title = "VolumeMount",
  req("service_id", "string"), opt("volume_id", "string"), opt("host_path", "string"),
  req("container_path", "string"), one_of("mode", { "rw", "ro" }),
  one_of("type", { "volume", "bind", "tmpfs" }),
  opt("propagation", "string", { enum = { "rprivate", "private", "rshared", "shared", "rslave",
    "slave" } }),
  group("metadata", { req("description", "string") }),
}
M.service_definition = { title = "ServiceDefinition",
  req("id", "string"), req("name", "string"),
  one_of("type", { "infrastructure", "application", "monitoring" }),
  one_of("role", { "etcd", "patroni", "redis", "redis-sentinel", "backend", "frontend",
    "auxiliary" }),
  group("container", { req("image", "string"), opt("platform", "string"), texts "entrypoint",
    texts "command" }),
  group("networking", { req("hostname", "string"), list("ports", "port_mapping"),
    req("networks", "array", { items = { "", "string" } }) }),
  group("storage", { list("volumes", "volume_mount"), texts "tmpfs" }),
  opt("health_check", "record", { of = "health_check_definition" }),
  list("dependencies", "service_dependency"),
  group("resource_limits", { opt("cpu_limit", "number"), opt("memory_limit", "string"),
    opt("cpu_reservation", "number"), opt("memory_reservation", "string") }),
  list("environment_variables", "environment_variable"), strings "labels",
}
M.volume_definition = { title = "VolumeDefinition",
  req("id", "string"), req("name", "string"),
  one_of("type", { "named_volume", "bind_mount", "tmpfs" }), opt("driver", "string"),
  opt("driver_opts", "map", { values = { "", "string" } }), strings "labels",
  group("metadata", { req("purpose", "string"), opt("size_estimate_gb", "integer"),
    req("backup_enabled", "boolean") }),
}
M.network_definition = { title = "NetworkDefinition",
  req("id", "string"), req("name", "string"),
  one_of("driver", { "bridge", "overlay", "host", "none" }),
  group("ipam", { req("driver", "string"), list("config", "ipam_config") }),
  opt("driver_opts", "map", { values = { "", "string" } }),
  req("internal", "boolean"), req("attachable", "boolean"), strings "labels",
}
M.environment = { title = "EnvironmentConfiguration", file = "environments/{id}.json",
  req("id", "string"), req("name", "string"), one_of("type", { "local", "staging", "production" }),
  req("version", "string", { help = "first 16 hex digits of the content's SHA-256" }),
  req("created_at", "datetime"), req("updated_at", "datetime"),
  one_of("state", M.STATES),
  list("services", "service_definition"), list("volumes", "volume_definition"),
  list("networks", "network_definition"), list("environment_variables", "environment_variable"),
  group("metadata", { one_of("platform", { "linux", "macos", "windows-wsl2" }),
    opt("docker_engine", "string"), opt("compose_version", "string"),
    group("resource_allocation", { count "cpu_cores", count "memory_gb", count "disk_gb" }) }),
}

-- observations ------------------------------------------------------------------------------------

M.health_check_result = { title = "HealthCheckResult", file = "health/health.sqlite",
  req("id", "uuid"), req("service_id", "string"), req("timestamp", "datetime"),
  one_of("status", { "healthy", "unhealthy", "starting", "unknown" }),
  group("details", { opt("exit_code", "integer"), opt("output", "string"),
    opt("response_time_ms", "integer", { min = 0 }), opt("error_message", "string") }),
  group("metadata", { one_of("check_type", { "docker_healthcheck", "script", "endpoint" }),
    one_of("triggered_by", { "docker", "manual", "automated_script" }) }),
}

-- differences -------------------------------------------------------------------------------------

M.difference = { title = "Difference",
  req("service_diff_id", "string"), req("field_path", "string"),
  opt("source_value", "any"), opt("target_value", "any"),
  one_of("type", { "value_mismatch", "missing_in_source", "missing_in_target", "type_mismatch" }),
  one_of("severity", M.SEVERITIES),
  group("metadata", { req("impact_description", "string"), req("auto_fixable", "boolean"),
    opt("source_at", "string", { help = "file:line" }), opt("target_at", "string"),
    opt("drift", "string", { help = "which known way of drifting this is" }) }),
}
M.service_diff = { title = "ServiceDiff",
  req("report_id", "string"), req("service_name", "string"),
  one_of("status", { "identical", "different", "missing_in_source", "missing_in_target" }),
  list("differences", "difference"), one_of("impact_level", M.IMPACTS),
  group("metadata", { opt("recommendation", "string") }),
}
M.diff_report = { title = "ConfigurationDiffReport", file = "reports/config-diffs/{id}.json",
  req("id", "uuid"), req("timestamp", "datetime"), req("source_environment", "string"),
  req("target_environment", "string"),
  one_of("overall_status", { "identical", "minor_differences", "major_differences",
    "incompatible" }),
  list("service_diffs", "service_diff"),
  group("summary", { count "total_services", count "services_identical",
    count "services_with_differences", count "services_missing_in_source",
    count "services_missing_in_target" }),
  group("metadata", { req("comparison_tool", "string"),
    one_of("comparison_mode", { "structural", "runtime", "semantic" }),
    opt("source_version", "string"), opt("target_version", "string") }),
}

-- workflow ----------------------------------------------------------------------------------------

M.stage_transition = { title = "StageTransition",
  req("id", "uuid"), req("workflow_state_id", "string"), one_of("from_stage", M.STAGES),
  one_of("to_stage", M.STAGES), req("timestamp", "datetime"),
  one_of("trigger", { "manual", "automatic", "scheduled", "failure" }),
  opt("trigger_details", "string"),
  group("metadata", { count "duration_in_previous_stage_minutes",
    opt("associated_command", "string") }),
}
M.workflow_state = { title = "DeveloperWorkflowState",
  file = "contexts/sessions/{developer}/current-session.yml",
  req("environment_id", "string"), req("developer", "string"),
  one_of("current_stage", M.STAGES), req("last_transition", "datetime"),
  list("stage_history", "stage_transition"),
  opt("active_task", "object", { fields = { opt("jira_ticket", "string"),
    opt("description", "string"), opt("started_at", "datetime") } }),
  group("metadata", { count "uptime_minutes", count "total_restarts",
    opt("last_successful_test_run", "datetime") }),
}

-- local CI ----------------------------------------------------------------------------------------

M.pipeline_stage = { title = "PipelineStage",
  req("id", "string"), req("pipeline_run_id", "uuid"), req("name", "string"),
  req("order", "integer", { min = 1 }),
  one_of("status", { "pending", "running", "passed", "failed", "skipped" }),
  opt("started_at", "datetime"), opt("completed_at", "datetime"), opt("duration_seconds", "integer",
    { min = 0 }), req("command", "string"), opt("exit_code", "integer"),
  group("logs", { opt("stdout", "string"), opt("stderr", "string") }),
  list("artifacts", "pipeline_artifact"),
  group("metadata", { count "retry_count",
    req("service_dependencies", "array", { items = { "", "string" } }) }),
}
M.pipeline_run = { title = "PipelineRun", file = "ci/runs/{id}.json",
  req("id", "uuid"), req("environment_id", "string"),
  one_of("trigger", { "manual", "git_push", "pr_validation", "scheduled" }),
  req("triggered_by", "string"),
  group("git_context", { req("branch", "string"), req("commit_sha", "string"),
    req("commit_message", "string") }),
  one_of("status", { "running", "passed", "failed", "cancelled" }),
  list("stages", "pipeline_stage"), req("started_at", "datetime"), opt("completed_at", "datetime"),
  opt("total_duration_seconds", "integer", { min = 0 }),
  group("summary", { count "total_stages", count "passed_stages", count "failed_stages",
    count "skipped_stages" }),
  group("metadata", { one_of("tool", { "act", "github_actions", "manual" }),
    opt("workflow_file", "string") }),
}

-- Which of them have a schema file of their own.
M.ENTITIES = { "environment", "service_definition", "service_dependency",
  "health_check_definition", "health_check_result", "volume_definition", "volume_mount",
  "network_definition", "diff_report", "service_diff", "difference", "workflow_state",
  "stage_transition", "pipeline_stage", "pipeline_run", "port_mapping", "environment_variable",
  "health_endpoint", "ipam_config", "pipeline_artifact" }

return M
