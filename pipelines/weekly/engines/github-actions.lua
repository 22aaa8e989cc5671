-- SPDX-License-Identifier: Apache-2.0
-- GitHub Actions: a matrix of shards between a job that prepares and one that merges; what they
-- hand on are artifacts. Copy this file to change the workflow. @name@ stands for an option.

-- Steps of more than one job.
local INSTALL <const> = [[
      - uses: actions/checkout@v4
      - name: Install lsqm
        run: |
          @install@
]]
local CORPUS <const> = [[
      - uses: actions/download-artifact@v4
        with:
          name: corpus
]]

return {
  help = "GitHub Actions: a matrix for the shards, artifacts between the jobs",
  max_shards = 256, -- jobs that a matrix may make
  options = {
    name = { default = "lsqm weekly", text = "quoted", help = "Name of the workflow" },
    cron = { default = "0 0 * * 0", text = "quoted", help = "When: Sunday 00:00 UTC" },
    runs_on = { default = "ubuntu-latest", help = "Label of the runner" },
    at_once = { default = "20", help = "How many shards run at once" },
    minutes = { default = "120", help = "Time limit of a shard" },
    install = { default = 'make setup build && echo "$PWD/build" >> "$GITHUB_PATH"', text = "line",
      help = "Command that puts lsqm on the PATH" },
    flags = { default = "", text = "quoted", help = "Flags of every lsqm, like --config FILE" },
    partial = { default = "", help = "--partial: merge although shards are missing" },
  },
  files = {
    { name = "lsqm.yml", text = [[
name: "@name@"
on:
  schedule:
    - cron: "@cron@"
  workflow_dispatch: {}
permissions:
  contents: read
concurrency:
  group: lsqm
  cancel-in-progress: false
defaults:
  run:
    shell: bash
jobs:
  prepare:
    runs-on: @runs_on@
    timeout-minutes: 60
    steps:
]] .. INSTALL .. [[
      - name: Mine and generate
        env:
          ANTHROPIC_API_KEY: ${{ secrets.ANTHROPIC_API_KEY }}
          ARTIFACT_REPO: ${{ vars.ARTIFACT_REPO }}
          GITHUB_TOKEN: ${{ secrets.LSQM_TOKEN }}
        run: |
          lsqm @flags@ --workspace work run --to generate
          tar -C work -cf corpus.tar artifacts
      - uses: actions/upload-artifact@v4
        with:
          name: corpus
          path: corpus.tar
          retention-days: 5
          overwrite: true
  shard:
    needs: prepare
    runs-on: @runs_on@
    timeout-minutes: @minutes@
    strategy:
      fail-fast: false
      max-parallel: @at_once@
      matrix:
        shard: [@shard_list@]
    steps:
]] .. INSTALL .. CORPUS .. [[
      - name: Validate
        env:
          SHARD: ${{ matrix.shard }}
        run: |
          mkdir -p work && tar -C work -xf corpus.tar
          lsqm @flags@ --workspace work run --from validate --shard "$SHARD/@shards@" \
            --shard-set "$GITHUB_RUN_ID" --into shards
      - uses: actions/upload-artifact@v4
        if: ${{ !cancelled() }}
        with:
          name: shard-${{ matrix.shard }}
          path: shards
          if-no-files-found: error
          retention-days: 5
          overwrite: true
  merge:
    needs: [prepare, shard]
    if: ${{ !cancelled() && needs.prepare.result == 'success' }}
    runs-on: @runs_on@
    timeout-minutes: 60
    steps:
]] .. INSTALL .. CORPUS .. [[
      - uses: actions/download-artifact@v4
        with:
          pattern: shard-*
          path: shards
      - name: Merge, report, push
        env:
          ARTIFACT_REPO: ${{ vars.ARTIFACT_REPO }}
          GITHUB_TOKEN: ${{ secrets.LSQM_TOKEN }}
          ISSUE_REPO: ${{ vars.ISSUE_REPO }}
          SLACK_WEBHOOK_URL: ${{ secrets.SLACK_WEBHOOK_URL }}
        run: |
          mkdir -p work && tar -C work -xf corpus.tar
          lsqm @flags@ --workspace work merge @partial@ shards || [ $? -eq 1 ]
          lsqm @flags@ --workspace work run --from report
      - uses: actions/upload-artifact@v4
        if: ${{ !cancelled() }}
        with:
          name: report
          path: work/artifacts/reports/latest
          overwrite: true
]] },
  },
}
