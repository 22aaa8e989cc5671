-- SPDX-License-Identifier: Apache-2.0
-- How a stack that is no CloudFormation template is deployed: a shell command for the CDK. The
-- stack's name comes in the variable STACK, so that no name can be a command.

return {
  command = function() return 'npx cdk deploy "$STACK" --require-approval never --ci' end,
  -- Further variables that commands see, of the build as well: { "NPM_TOKEN" }.
  variables = {},
  -- Seconds: of a stack, of all of an environment's tests, of the whole build.
  timeout = 3600,
  test_timeout = 1800,
  build_timeout = 1800,
}
