"""Random keys for pages."""

import hashlib

import jax
from jaxtyping import Array, Key


def page_key(topic: str) -> Key[Array, ""]:
    """Root key of a page, derived from its name.

    Two pages never share a key, and a page keeps its key when others are added. Split it with
    `jax.random.split` or `jax.random.fold_in` before use.

    Parameters
    ----------
    topic
        Stem of the page, e.g. `"key_tokens"`.

    Returns
    -------
    jax.Array
        A typed key; the same with and without double precision.

    Raises
    ------
    ValueError
        If `topic` is empty.

    Examples
    --------
    >>> key = page_key("key_tokens")
    >>> bool((jax.random.key_data(key) == jax.random.key_data(page_key("key_tokens"))).all())
    True
    """
    if not topic:
        raise ValueError("topic must name the page, got an empty string; pass e.g. 'key_tokens'.")
    digest = hashlib.sha256(f"simlib page {topic}".encode()).digest()
    # 31 bits for the seed and 31 more by fold_in: both fit in an int32, so that the key does not
    # depend on the precision in use.
    seed, more = (int.from_bytes(digest[i : i + 4], "big") >> 1 for i in (0, 4))
    return jax.random.fold_in(jax.random.key(seed), more)
