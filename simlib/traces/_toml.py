"""Writing the part of TOML that the registry needs (the standard library only reads it)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def _key(name: str) -> str:
    bare = name.replace("-", "").replace("_", "")
    return name if bare.isascii() and bare.isalnum() else json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A JSON string is a TOML basic string, except that TOML also escapes DEL.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"cannot write {type(value).__name__} to TOML; use text, numbers or lists.")


def _is_array_of_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def to_toml(tables: Mapping[str, Any], path: tuple[str, ...] = ()) -> str:
    """Text of nested mappings as TOML: plain values first, then tables, in the order given."""
    plain = {
        name: value
        for name, value in tables.items()
        if not isinstance(value, Mapping) and not _is_array_of_tables(value)
    }
    text = "".join(f"{_key(name)} = {_value(value)}\n" for name, value in plain.items())
    for name, value in tables.items():
        if name in plain:
            continue
        inner = (*path, name)
        header = ".".join(map(_key, inner))
        if isinstance(value, Mapping):
            body = to_toml(value, inner)
            has_own = any(
                not isinstance(v, Mapping) and not _is_array_of_tables(v) for v in value.values()
            )
            text += f"\n[{header}]\n{body}" if has_own else body
        else:
            text += "".join(f"\n[[{header}]]\n{to_toml(table, inner)}" for table in value)
    return text
