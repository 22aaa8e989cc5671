-- SPDX-License-Identifier: Apache-2.0
-- Slurm: an array of shards on a file system that all nodes share, and a merge that waits for it.
-- Copy this file to change what is submitted. @name@ stands for an option; a line with
-- @?name@ is left out where that option is empty.

return {
  help = "Slurm: an array job for the shards, a dependent job for the merge",
  max_shards = 4000,
  options = {
    name = { default = "lsqm", help = "Name of the jobs" },
    partition = { default = "", help = "Partition" },
    account = { default = "", help = "Account that pays" },
    time = { default = "02:00:00", help = "Time limit of a shard" },
    cpus = { default = "2", help = "Processors of a shard" },
    memory = { default = "", help = "Memory of a shard, like 8G" },
    at_once = { default = "", prefix = "%", help = "How many shards may run at once" },
    requeue = { default = "requeue", help = "requeue or no-requeue, when a node dies" },
    scratch = { default = "/tmp", help = "Folder on each node for what is not kept" },
    partial = { default = "", help = "--partial: merge although shards are missing" },
  },
  files = {
    { name = "prepare.sbatch", mode = "script", unless = "prepared", text = [[
#!/bin/bash
#SBATCH --job-name=@name@-prepare
#SBATCH --partition=@?partition@
#SBATCH --account=@?account@
#SBATCH --output=@dir@/prepare.out
# The corpus, mined and with its apps, once for all shards.
set -eu
exec @lsqm@ @flags@ --workspace @workspace@ run --to generate
]] },
    { name = "shards.sbatch", mode = "script", text = [[
#!/bin/bash
#SBATCH --job-name=@name@
#SBATCH --array=1-@shards@@at_once@
#SBATCH --partition=@?partition@
#SBATCH --account=@?account@
#SBATCH --time=@time@
#SBATCH --cpus-per-task=@cpus@
#SBATCH --mem=@?memory@
#SBATCH --@requeue@
#SBATCH --open-mode=append
#SBATCH --output=@dir@/shard-%a.out
# One shard. A task that is repeated goes on where the one before it stopped.
set -eu
unset ANTHROPIC_API_KEY GITHUB_TOKEN SLACK_WEBHOOK_URL
export ARTIFACT_REPO=@workspace@/artifacts
work=@scratch@/lsqm-$SLURM_JOB_ID
trap 'rm -rf "$work"' EXIT
@lsqm@ @flags@ --workspace "$work" --parallel "${SLURM_CPUS_PER_TASK:-1}" \
  run --from validate --shard "$SLURM_ARRAY_TASK_ID/@shards@" \
  --shard-set "$LSQM_SHARD_SET" --into "@dir@/$LSQM_SHARD_SET"
]] },
    { name = "merge.sbatch", mode = "script", text = [[
#!/bin/bash
#SBATCH --job-name=@name@-merge
#SBATCH --partition=@?partition@
#SBATCH --account=@?account@
#SBATCH --output=@dir@/merge.out
# One run of all shards, its report, its push. Exit codes are lsqm's: 1 found something.
set -u
status=0
@lsqm@ @flags@ --workspace @workspace@ merge @partial@ "@dir@/$LSQM_SHARD_SET" || status=$?
if [ "$status" -le 1 ]; then
  @lsqm@ @flags@ --workspace @workspace@ run --from report || status=$?
fi
echo "$status" >"@dir@/$LSQM_SHARD_SET.status"
exit "$status"
]] },
    { name = "submit.sh", mode = "script", unless = "prepared", text = [[
#!/bin/bash
# Submits all and does not wait; `lsqm engine slurm --submit` waits and repeats what died.
set -eu
cd @dir@
export LSQM_SHARD_SET=${LSQM_SHARD_SET:-$(date +%s)-$$}
prepare=$(sbatch --parsable prepare.sbatch)
shards=$(sbatch --parsable --kill-on-invalid-dep=yes --dependency="afterok:$prepare" shards.sbatch)
sbatch --kill-on-invalid-dep=yes --dependency="afterany:$shards" merge.sbatch
]] },
    { name = "submit.sh", mode = "script", when = "prepared", text = [[
#!/bin/bash
# Submits all and does not wait; `lsqm engine slurm --submit` waits and repeats what died.
set -eu
cd @dir@
export LSQM_SHARD_SET=${LSQM_SHARD_SET:-$(date +%s)-$$}
shards=$(sbatch --parsable shards.sbatch)
sbatch --dependency="afterany:$shards" merge.sbatch
]] },
  },
}
