#!/bin/bash
# One run on this machine's GPUs, started by torchrun instead of Lightning:
#     scripts/launch/torchrun.sh 4 outputs/deep experiment=vdvae_cifar10
# On several machines: torchrun's --nnodes, --node-rank and --rdzv-endpoint, and trainer.num_nodes.

devices=${1:?give the number of processes, the folder of the run, then the settings of vaelab train}
folder=${2:?give the folder of the run}
shift 2
exec torchrun --nproc-per-node="$devices" -m vaelab train trainer=ddp trainer.devices="$devices" "$@" hydra.run.dir="$folder"
