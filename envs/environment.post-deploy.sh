#!/usr/bin/env bash
# The second half of environment.yaml: the pinned packages and the project itself, by pip, in the
# active environment. To be run in the project's folder, as Snakemake does.
set -euo pipefail

# What `cksum < envs/constraints.txt` prints. It makes this file change with the pins, and Snakemake
# builds its conda environment again when this file has changed.
pins="827930151 8750"

if [ ! -f envs/constraints.txt ] || [ ! -f pyproject.toml ]; then
    echo "environment.post-deploy.sh: run this in the project's folder, not in $PWD" >&2
    exit 1
fi
if [ "$(cksum < envs/constraints.txt)" != "$pins" ]; then
    echo "environment.post-deploy.sh: note: envs/constraints.txt has other pins than this file says" >&2
fi

export PIP_USER=0 PIP_NO_INPUT=1
python -m pip install -c envs/constraints.txt setuptools
python -m pip install --no-build-isolation --use-pep517 \
    -r envs/requirements.txt -c envs/constraints.txt
python -m pip install --no-deps --no-build-isolation -e .
python envs/shield.py
