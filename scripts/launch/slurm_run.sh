#!/bin/bash
# One run as a SLURM job, queued again whenever its time is over, until it is finished:
#     sbatch scripts/launch/slurm_run.sh outputs/deep experiment=vdvae_tiny trainer=gpu
# The same command again goes on with a run that was cancelled. What is below can be said to sbatch too.
#SBATCH --job-name=vaelab
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --time=12:00:00
#SBATCH --signal=USR1@120     # so many seconds before that: the run saves, and leaves with 128 + 10
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=vaelab-%j.log

folder=${1:?give the folder of the run, then the settings of vaelab train}
shift
trap : TERM # a preemption's, which the run has too: this script stays until it has saved
srun --cpus-per-task="$SLURM_CPUS_PER_TASK" vaelab train "$@" hydra.run.dir="$folder"
code=$?
# saved, and told to leave (128 + USR1 or TERM): again, unless it was cancelled, when it does not count as running
if [[ $code = 138 || $code = 143 ]] && [ "$(squeue -h -j "$SLURM_JOB_ID" -o %T)" = RUNNING ]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit $code
