-- SPDX-License-Identifier: Apache-2.0
-- Plugins of the Serverless Framework. `harmless`: a service is converted without the plugin,
-- because it changes how one works with the service and not what is deployed; the reason is listed
-- under `assumptions`. `native`: what the plugin does is converted. Any other plugin makes it
-- unsupported, by its name. To accept one more, copy this file and add a line that says why.
local BUILDS = "builds the package; the handler keeps its name"
local LOCAL = "runs the service on the author's machine"
local READS = "gives values to variables"
local WATCHES = "works on what is deployed already"
local TESTS = "is for the author's tests"

return {
  native = { ["serverless-iam-roles-per-function"] = true, ["serverless-pseudo-parameters"] = true,
    ["serverless-plugin-log-retention"] = true, ["serverless-cf-vars"] = true },
  harmless = {
    -- building
    ["serverless-webpack"] = BUILDS, ["serverless-bundle"] = BUILDS,
    ["serverless-esbuild"] = BUILDS,
    ["serverless-plugin-typescript"] = BUILDS, ["@hewmen/serverless-plugin-typescript"] = BUILDS,
    ["serverless-babel-plugin"] = BUILDS, ["serverless-plugin-babel"] = BUILDS,
    ["serverless-plugin-optimize"] = BUILDS, ["serverless-optimizer-plugin"] = BUILDS,
    ["serverless-python-requirements"] = BUILDS, ["serverless-python-individually"] = BUILDS,
    ["serverless-rust"] = BUILDS, ["serverless-go-plugin"] = BUILDS,
    ["serverless-go-build"] = BUILDS,
    ["serverless-plugin-common-excludes"] = BUILDS, ["serverless-jetpack"] = BUILDS,
    ["serverless-plugin-include-dependencies"] = BUILDS, ["serverless-package-python-functions"] =
    BUILDS, ["serverless-plugin-monorepo"] = BUILDS, ["serverless-wsgi"] = BUILDS,
    ["serverless-plugin-browserifier"] = BUILDS, ["serverless-browserify"] = BUILDS,
    ["serverless-rspack"] = BUILDS, ["serverless-vite"] = BUILDS, ["serverless-haskell"] = BUILDS,
    ["serverless-plugin-parcel"] = BUILDS, ["serverless-plugin-tree-shake"] = BUILDS,
    ["serverless-plugin-chrome"] = BUILDS, ["serverless-dotnet"] = BUILDS,
    ["serverless-kotlin"] = BUILDS, ["serverless-package-external"] = BUILDS,
    -- local work
    ["serverless-offline"] = LOCAL, ["serverless-offline-scheduler"] = LOCAL,
    ["serverless-offline-sqs"] = LOCAL, ["serverless-offline-sns"] = LOCAL,
    ["serverless-offline-ssm"] = LOCAL, ["serverless-offline-kinesis"] = LOCAL,
    ["serverless-offline-dynamodb-streams"] = LOCAL, ["serverless-offline-aws-eventbridge"] = LOCAL,
    ["serverless-offline-python"] = LOCAL, ["serverless-offline-watcher"] = LOCAL,
    ["serverless-dynamodb-local"] = LOCAL, ["serverless-dynamodb"] = LOCAL,
    ["serverless-s3-local"] = LOCAL, ["serverless-localstack"] = LOCAL,
    ["serverless-plugin-simulate"] = LOCAL, ["serverless-export-env"] = LOCAL,
    -- variables
    ["serverless-dotenv-plugin"] =
    "gives variables the values of the author's own .env",
    ["serverless-plugin-git-variables"] = READS,
    ["serverless-secrets-plugin"] = READS, ["serverless-env-generator"] = READS,
    ["serverless-better-credentials"] = "signs the author in",
    -- after deployment, or beside it
    ["serverless-prune-plugin"] = WATCHES, ["serverless-stack-output"] = WATCHES,
    ["serverless-export-outputs"] = WATCHES, ["serverless-single-page-app-plugin"] = WATCHES,
    ["serverless-finch"] = WATCHES, ["serverless-deployment-bucket"] =
    "prepares the framework's own bucket", ["serverless-plugin-split-stacks"] =
    "spreads the same resources over more stacks", ["serverless-dependson-plugin"] =
    "orders resources",
    -- tests
    ["serverless-mocha-plugin"] = TESTS, ["serverless-jest-plugin"] = TESTS,
    ["serverless-plugin-test-helper"] = TESTS, ["serverless-cloudformation-changesets"] = WATCHES,
  },
}
