-- SPDX-License-Identifier: Apache-2.0
-- How many seconds an emulator may take for one request; for all others the configuration's
-- hang_timeout counts. A key is a Lua pattern for the whole operation as the report names it:
-- the service, then the operation, or the method and path where the protocol has no name for it.

return {
  -- these wait on purpose
  ["sqs ReceiveMessage"] = 60,
  ["states GetActivityTask"] = 120,
  ["states StartSyncExecution"] = 300,
  ["lambda POST .*/invocations.*"] = 300,
  -- an emulator may fetch an image and start a container for these
  ["lambda POST .*/functions"] = 120,
  ["ecs RunTask"] = 120,
  ["ecs CreateService"] = 120,
  ["ec2 RunInstances"] = 120,
  ["rds CreateDB.*"] = 120,
  ["elasticache Create.*"] = 120,
  ["eks POST /clusters"] = 180,
  ["es POST .*"] = 120,
}
