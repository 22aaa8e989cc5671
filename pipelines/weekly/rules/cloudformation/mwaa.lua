-- SPDX-License-Identifier: Apache-2.0
local LOGS = { props = { CloudWatchLogGroupArn = { drop = "the service sets it" } } }

local function logs(name) return { to = name, props = LOGS.props } end

return {
  ["AWS::MWAA::Environment"] = {
    type = "aws_mwaa_environment", ref = "name",
    props = {
      WorkerReplacementStrategy = { drop = "how an update is done" },
      LoggingConfiguration = { to = "logging_configuration", props = {
        DagProcessingLogs = logs "dag_processing_logs", SchedulerLogs = logs "scheduler_logs",
        TaskLogs = logs "task_logs", WebserverLogs = logs "webserver_logs",
        WorkerLogs = logs "worker_logs" } },
    },
  },
}
