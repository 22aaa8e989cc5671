-- SPDX-License-Identifier: Apache-2.0
-- Argo Workflows: fan-out over the shards, fan-in by artifacts. Shards put their results below one
-- key of the artifact repository, the merge reads that key as a folder: outputs of a loop can only
-- be gathered so. Copy this file to change the workflow. @name@ stands for an option.

-- What more than one template has.
local TOKENS <const> = [[
        envFrom:
          - secretRef:
              name: @secret@
              optional: true
          - configMapRef:
              name: @config_map@
              optional: true
]]
local MOUNT <const> = [[
        volumeMounts:
          - name: work
            mountPath: /work
]]
local VOLUME <const> = [[
      volumes:
        - name: work
          emptyDir: {}
]]

return {
  help = "Argo Workflows: a template with fan-out and fan-in, and a cron workflow for it",
  max_shards = 1000,
  options = {
    name = { default = "lsqm-weekly", help = "Name of the template" },
    cron = { default = "0 0 * * 0", text = "quoted", help = "When: Sunday 00:00 UTC" },
    image = { default = "lsqm:latest", help = "Image that has lsqm" },
    prefix = { default = "lsqm", help = "Key in the artifact repository" },
    secret = { default = "lsqm", help = "Secret with the tokens, by the variables' names" },
    config_map = { default = "lsqm", help = "ConfigMap with ARTIFACT_REPO, ISSUE_REPO" },
    at_once = { default = "20", help = "How many shards run at once" },
    cpus = { default = "2", help = "Processors of a shard" },
    memory = { default = "4Gi", help = "Memory of a shard" },
    seconds = { default = "7200", help = "Time limit of a shard" },
    flags = { default = "", text = "quoted", help = "Flags of every lsqm, like --config FILE" },
    partial = { default = "", help = "--partial: merge although shards are missing" },
  },
  files = {
    { name = "workflow-template.yaml", text = [[
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: @name@
spec:
  entrypoint: weekly
  parallelism: @at_once@
  templates:
    - name: weekly
      dag:
        tasks:
          - name: prepare
            template: prepare
          - name: shard
            template: shard
            depends: prepare.Succeeded
            withSequence:
              start: "1"
              end: "@shards@"
            arguments:
              parameters:
                - name: shard
                  value: "{{item}}"
              artifacts:
                - name: corpus
                  from: "{{tasks.prepare.outputs.artifacts.corpus}}"
          - name: merge
            template: merge
            depends: prepare.Succeeded && (shard.Succeeded || shard.Failed || shard.Errored)
            arguments:
              artifacts:
                - name: corpus
                  from: "{{tasks.prepare.outputs.artifacts.corpus}}"
    - name: prepare
      container:
        image: @image@
        command: [bash, -euc]
        args:
          - lsqm @flags@ --workspace /work run --to generate
]] .. TOKENS .. MOUNT .. [[
      outputs:
        artifacts:
          - name: corpus
            path: /work/artifacts
]] .. VOLUME .. [[
    - name: shard
      activeDeadlineSeconds: "@seconds@"
      retryStrategy:
        limit: "2"
        retryPolicy: Always
      inputs:
        parameters:
          - name: shard
        artifacts:
          - name: corpus
            path: /work/artifacts
      container:
        image: @image@
        command: [bash, -euc]
        args:
          - >-
            lsqm @flags@ --workspace /work run --from validate
            --shard {{inputs.parameters.shard}}/@shards@
            --shard-set {{workflow.uid}} --into /work/shards
        resources:
          requests:
            cpu: "@cpus@"
            memory: @memory@
]] .. MOUNT .. [[
      outputs:
        artifacts:
          - name: results
            path: /work/shards
            archive:
              none: {}
            s3:
              key: "@prefix@/{{workflow.uid}}/{{inputs.parameters.shard}}"
]] .. VOLUME .. [[
    - name: merge
      inputs:
        artifacts:
          - name: corpus
            path: /work/artifacts
          - name: results
            path: /work/shards
            s3:
              key: "@prefix@/{{workflow.uid}}"
      container:
        image: @image@
        command: [bash, -euc]
        args:
          - |
            lsqm @flags@ --workspace /work merge @partial@ /work/shards || [ $? -eq 1 ]
            lsqm @flags@ --workspace /work run --from report
]] .. TOKENS .. MOUNT .. [[
      outputs:
        artifacts:
          - name: report
            path: /work/artifacts/reports/latest
]] .. VOLUME },
    { name = "cron-workflow.yaml", text = [[
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata:
  name: @name@
spec:
  schedules:
    - "@cron@"
  timezone: Etc/UTC
  concurrencyPolicy: Forbid
  workflowSpec:
    workflowTemplateRef:
      name: @name@
]] },
  },
}
