#!/bin/bash
# Submits all and does not wait; `lsqm engine slurm --submit` waits and repeats what died.
set -eu
cd /LAB/out
export LSQM_SHARD_SET=${LSQM_SHARD_SET:-$(date +%s)-$$}
prepare=$(sbatch --parsable prepare.sbatch)
shards=$(sbatch --parsable --kill-on-invalid-dep=yes --dependency="afterok:$prepare" shards.sbatch)
sbatch --kill-on-invalid-dep=yes --dependency="afterany:$shards" merge.sbatch
