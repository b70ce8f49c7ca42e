"""One long simulation on several hosts, in either of two ways; see `apart.slurm`, `together.slurm`.

Apart: every host simulates its own share of the sequences and knows of no other. A host that is
lost costs its own share only: start that share again. The shares add up.

    python examples/cluster.py apart --folder runs --replicates 1e10 --share 0 --of 2
    python examples/cluster.py apart --folder runs --replicates 1e10 --share 1 --of 2
    python examples/cluster.py merge --folder runs

Together: all hosts form one JAX program, which gets its answer everywhere, and breaks off
everywhere if one host is lost. Under SLURM or MPI the connection needs no arguments.

    python examples/cluster.py together --folder runs --replicates 1e10 \
        --coordinator 10.0.0.1:1234 --share 0 --of 2

Either way a run that was cut short goes on from its checkpoint when the same command is given
again, and its counts are those of one process on one device, to the last bit.
"""

import argparse
import os
import sys
from pathlib import Path

import jax
import numpy as np

from simlib import KeyTokens, PowerGrowth
from simlib.simulate import Counts, LostProcessError, survival_counts

LENGTHS = [10, 100, 1_000, 10_000]
KEY = 2026


def simulate(first: int, stop: int, devices: list, file: Path) -> Counts:
    """Counts of the sequences from `first` to before `stop`, kept in a file."""
    # Made here and not at the top: JAX must not start before the hosts are connected.
    process = KeyTokens(0.01, PowerGrowth(1.0, 0.5))
    return survival_counts(
        process,
        LENGTHS,
        key=jax.random.key(KEY),
        start=first,
        replicates=stop - first,
        mesh=jax.sharding.Mesh(np.asarray(devices), ("devices",)),
        checkpoint=file,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("way", choices=["apart", "together", "merge"])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--replicates", type=float, default=1e10)
    parser.add_argument("--share", type=int, help="number of this host, from 0")
    parser.add_argument("--of", type=int, help="number of hosts")
    parser.add_argument("--coordinator", help="address of host 0 and a free port")
    options = parser.parse_args()
    n = int(options.replicates)

    # Without an accelerator, one device for each processor that this process may use.
    if "JAX_NUM_CPU_DEVICES" not in os.environ:
        jax.config.update("jax_num_cpu_devices", len(os.sched_getaffinity(0)))

    if options.way == "merge":
        first, *others = map(Counts.load, sorted(options.folder.glob("share-*.json")))
        counts = sum(others, start=first)
    elif options.way == "apart":
        first, stop = (n * i // options.of for i in (options.share, options.share + 1))
        file = options.folder / f"share-{options.share}.json"
        counts = simulate(first, stop, jax.local_devices(), file)
    else:
        jax.distributed.initialize(options.coordinator, options.of, options.share)
        try:
            counts = simulate(0, n, jax.devices(), options.folder / "together.json")
        except LostProcessError as error:
            print(f"Error: {error}", file=sys.stderr, flush=True)
            os._exit(1)  # at once: an ordinary exit would wait for the lost process
    print(counts.replicates, *counts.survived)


if __name__ == "__main__":
    main()
