"""Run a function on every block of replicates: on any devices, in constant memory."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Bool, PRNGKeyArray

from ._keys import BLOCK, block_key

# A function of (operands, key of the block, which replicates count).
Block = Callable[[Any, PRNGKeyArray, Bool[Array, "block"]], Array]
Progress = Callable[[int, int], None]

# Blocks that one device works through before the host hears of it: a tenth of a second or so.
_BLOCKS_PER_CALL = 128
# Blocks that are computed side by side: cores hand each other work that often less.
_TOGETHER = 2
_AXIS = "replicates"


class LostProcessError(RuntimeError):
    """Of the processes that share a run, one is gone or out of reach; the others cannot go on."""


def stream(
    block: Block,
    operands: Any,
    *,
    key: PRNGKeyArray,
    start: int,
    stop: int,
    mesh: Mesh | None = None,
    progress: Progress | None = None,
    size: int = BLOCK,
) -> Iterator[np.ndarray]:
    """Yield the results of consecutive blocks that cover replicates `[start, stop)`.

    Block `b` holds replicates `[b * size, (b + 1) * size)` and draws from `fold_in(key, b)`, so
    what a replicate draws depends neither on the devices nor on where the run began. A block
    that lies only partly in the span is drawn whole, and `block` is told which replicates count.

    Yields arrays whose leading axis numbers blocks, in order. Every call of the compiled
    function has the same shapes, so it is traced once.
    """
    devices = devices_of(mesh)
    # One flat axis of our own: names and number of the axes of `mesh` do not matter.
    line = Mesh(np.asarray(devices), (_AXIS,))
    arrays, rest = eqx.partition(operands, eqx.is_array)
    leaves, structure = jax.tree.flatten(rest)
    static = (tuple(leaves), structure)
    first, last = start // size, (stop - 1) // size + 1
    per_call = _BLOCKS_PER_CALL * len(devices)
    for begin in range(first, last, per_call):
        blocks = min(per_call, last - begin)
        low = np.int32(max(start - begin * size, 0))
        high = np.int32(min(stop - (begin + blocks - 1) * size, size))
        try:
            results = np.asarray(
                _call(
                    arrays, key, np.uint32(begin), np.int32(blocks), low, high,
                    block=block, static=static, mesh=line, size=size,
                    per_device=_BLOCKS_PER_CALL, together=_TOGETHER,
                )
            )  # fmt: skip
        except jax.errors.JaxRuntimeError as error:
            processes = len({device.process_index for device in devices})
            if processes == 1 or str(error).startswith("RESOURCE_EXHAUSTED"):
                raise
            raise LostProcessError(
                f"one of the {processes} processes of this run is gone or out of reach, after "
                f"{max(begin * size - start, 0)} replicates: look at its log. Start all processes "
                "again; with the same `checkpoint` the run goes on where that file ends. "
                f"JAX says: {str(error).splitlines()[0]}"
            ) from error
        yield results[:blocks]
        if progress is not None:
            progress(min((begin + blocks) * size, stop) - start, stop - start)


def devices_of(mesh: Mesh | None) -> list[Any]:
    """The devices of a mesh in order; without a mesh, the first of all."""
    return jax.local_devices()[:1] if mesh is None else list(mesh.devices.reshape(-1))


@partial(jax.jit, static_argnames=("block", "static", "mesh", "size", "per_device", "together"))
def _call(
    arrays, key, begin, blocks, low, high, *, block, static, mesh, size, per_device, together
):
    """Results of `blocks` blocks from `begin` on, padded with zeros to `per_device` for each.

    Of the first block replicates from `low` on count, of the last those before `high`.
    `together` blocks are computed side by side; what is beyond the last is left to the host to
    drop.
    """
    leaves, structure = static
    devices = mesh.devices.size
    replicate = jnp.arange(size, dtype=jnp.int32)

    def on_one_device(arrays, key, begin, blocks, low, high):
        operands = eqx.combine(arrays, jax.tree.unflatten(structure, leaves))
        # Neighbouring blocks go to different devices, so that a short last call is shared.
        here = jax.lax.axis_index(_AXIS)

        def run(i):
            number = i * devices + here
            valid = (number > 0) | (replicate >= low)
            valid &= (number < blocks - 1) | (replicate < high)
            return block(operands, block_key(key, begin + number.astype(jnp.uint32)), valid)

        def run_together(i):
            return jax.vmap(run)(i * together + jnp.arange(together, dtype=jnp.int32))

        shape = jax.eval_shape(run_together, jnp.int32(0))
        empty = jnp.zeros((-(-per_device // together), *shape.shape), shape.dtype)
        mine = (blocks - here + devices - 1) // devices
        filled = jax.lax.fori_loop(
            0,
            (mine + together - 1) // together,
            lambda i, out: out.at[i].set(run_together(i)),
            empty,
        )
        return filled.reshape(-1, 1, *shape.shape[1:])[:per_device]

    sharded = jax.shard_map(
        on_one_device,
        mesh=mesh,
        in_specs=PartitionSpec(),
        out_specs=PartitionSpec(None, _AXIS),
        check_vma=False,
    )
    results = sharded(arrays, key, begin, blocks, low, high)
    # Every host gets every result.
    results = jax.lax.with_sharding_constraint(results, NamedSharding(mesh, PartitionSpec()))
    return results.reshape(-1, *results.shape[2:])
