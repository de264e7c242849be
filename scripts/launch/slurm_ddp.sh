#!/bin/bash
# One run on several nodes, a process for each GPU, queued again whenever its time is over:
#     sbatch --nodes=2 scripts/launch/slurm_ddp.sh outputs/deep experiment=vdvae_imagenet32
# data.batch_size is that of each process. One task for each device is what Lightning expects of srun.
#SBATCH --job-name=vaelab
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=4
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=8
#SBATCH --time=12:00:00
#SBATCH --signal=USR1@120     # so many seconds before that: all save together, and leave with 128 + 10
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=vaelab-%j.log

folder=${1:?give the folder of the run, then the settings of vaelab train}
shift
trap : TERM # a preemption's, which the run has too: this script stays until it has saved
processes=(trainer=ddp trainer.num_nodes="$SLURM_JOB_NUM_NODES" trainer.devices="$SLURM_NTASKS_PER_NODE")
srun --cpus-per-task="$SLURM_CPUS_PER_TASK" --kill-on-bad-exit=1 vaelab train "${processes[@]}" "$@" hydra.run.dir="$folder"
code=$?
# saved, and told to leave (128 + USR1 or TERM): again, unless it was cancelled, when it does not count as running
if [[ $code = 138 || $code = 143 ]] && [ "$(squeue -h -j "$SLURM_JOB_ID" -o %T)" = RUNNING ]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit $code
