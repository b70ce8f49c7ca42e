"""Language models in local files: a folder in the Hugging Face layout, or one GGUF file."""

# The language-model libraries are optional.
# pyright: reportMissingImports=false

import hashlib
import json
import os
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._errors import DataError
from .._files import sha256
from ._model import MODELS, MissingModelError, ModelSpec, one_line, require_libraries

#: Tokens that end a text or a turn in the vocabularies in use.  Files of weights name one or two of
#: them; a model that was tuned for conversation also ends with the others that it has.
ENDS = (
    "<|endoftext|>",
    "<|im_end|>",
    "</s>",
    "<eos>",
    "<end_of_turn>",
    "<|end_of_text|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end|>",
    "<|return|>",
    "<|endofturn|>",
    "<｜end▁of▁sentence｜>",
)
#: A token that only SentencePiece vocabularies have; byte-level ones write bytes as letters.
BYTE_TOKEN = "<0x0A>"
NAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
WEIGHTS = ("*.safetensors", "*.bin")


@dataclass(frozen=True)
class LocalSpec(ModelSpec):
    """A model in local files instead of an installed package.

    Attributes
    ----------
    path
        The folder or the GGUF file.
    """

    path: Path

    @property
    def file(self) -> str:
        """Name of the folder or file, without the folders around it."""
        return self.path.name

    def locate(self) -> Path:
        """The folder or file.

        Raises
        ------
        MissingModelError
            If it is gone.
        DataError
            If its contents are not those that the hash names.
        """
        _require_path(self.path)
        if (digest := hash_weights(self.path)) != self.sha256:
            raise DataError(
                f"{self.path}: sha256 is {digest}, expected {self.sha256}; the weights were "
                "changed. Put the old ones back, or collect under another model name."
            )
        return self.path


def spec_from_path(name: str, path: Path) -> ModelSpec:
    """Describe the weights in a folder or a GGUF file.

    The tokens that end a text are those that the files declare and any of `ENDS` that the
    vocabulary has.  A file says nothing reliable about its licence, so neither does the result.

    Parameters
    ----------
    name
        Short name: lower-case letters and digits, with single dots, dashes or underscores between.
    path
        A folder with `config.json`, weights and tokenizer, as `save_pretrained` writes it, or one
        `.gguf` file.

    Raises
    ------
    ValueError
        If the name has another form.
    MissingModelError
        If there is nothing at `path`, or the libraries that read it are not installed.
    DataError
        If what is there is not a language model in one of the two forms.
    """
    if not NAME.fullmatch(name):
        raise ValueError(
            f"name must be lower-case letters and digits, with single dots, dashes or underscores "
            f"between them, got {name!r}; it becomes part of file names."
        )
    path = Path(os.path.abspath(path))  # links are kept: caches name files by their hash
    _require_path(path)
    found = _read_folder(path) if path.is_dir() else _read_gguf(path)
    return LocalSpec(
        name=name,
        licence="unknown: see the source",
        source=f"local: {path.name}",
        distribution="none: local files",
        parts=(),
        sha256=hash_weights(path),
        path=path,
        **found,
    )


def register_model(spec: ModelSpec) -> None:
    """Make a model known under its short name, for this process.

    Raises
    ------
    ValueError
        If the name belongs to other weights.
    """
    known = MODELS.get(spec.name)
    if known is not None and known.sha256 != spec.sha256:
        raise ValueError(
            f"model {spec.name!r} is the name of other weights ({known.title}, sha256 "
            f"{known.sha256[:12]}...; these have {spec.sha256[:12]}...); choose another short name."
        )
    MODELS[spec.name] = spec


def hash_weights(path: Path) -> str:
    """SHA-256 of a file, or of the sorted list of the hashes of a folder's files.

    Hidden files and folders do not count.
    """
    if path.is_file():
        return sha256(path)
    names = sorted(each.relative_to(path).as_posix() for each in path.rglob("*") if each.is_file())
    visible = [name for name in names if not any(p.startswith(".") for p in name.split("/"))]
    lines = "".join(f"{sha256(path / name)}  {name}\n" for name in visible)
    return hashlib.sha256(lines.encode()).hexdigest()


def _require_path(path: Path) -> None:
    if not path.exists():
        raise MissingModelError(
            f"weights must be a folder with config.json or a .gguf file, got {str(path)!r}, where "
            "there is nothing; check the spelling."
        )


def _wrong(path: Path, found: str, remedy: str) -> DataError:
    return DataError(f"weights {str(path)!r}: {found}; {remedy}.")


def _read_gguf(path: Path) -> dict[str, Any]:
    with path.open("rb") as handle:
        magic = handle.read(4)
    if magic != b"GGUF":
        raise _wrong(
            path,
            f"this is not a GGUF file (it starts with {magic!r})",
            "give a .gguf file, or the folder that holds config.json and the weights",
        )
    require_libraries()
    import gguf

    try:
        reader = gguf.GGUFReader(path)
        values = {
            name: field.contents()
            for name, field in reader.fields.items()
            if name.startswith(("general.", "tokenizer.ggml."))
        }
        tokens: list[str] = values["tokenizer.ggml.tokens"]
        kind = gguf.LlamaFileType(values["general.file_type"]).name.removeprefix("MOSTLY_")
    except Exception as error:  # the reader raises whatever a damaged file makes it trip over
        raise _wrong(
            path,
            f"the GGUF file cannot be read ({type(error).__name__}: {one_line(error)})",
            "it may be cut short, or not a language model; fetch it again",
        ) from error
    declared = (values.get(f"tokenizer.ggml.{name}_token_id") for name in ("eos", "eot", "eom"))
    bytewise = BYTE_TOKEN not in tokens
    begins = values.get("tokenizer.ggml.add_bos_token", not bytewise)
    first = values.get("tokenizer.ggml.bos_token_id")
    return {
        "title": values.get("general.name", path.stem),
        "quantisation": f"GGUF {kind}, dequantised to float32",
        "start": (tokens[first],) if begins and first is not None else (),
        "end_of_text": _ends(path, (tokens[each] for each in declared if each is not None), tokens),
        "bytewise": bytewise,
    }


def _read_folder(path: Path) -> dict[str, Any]:
    config_path = path / "config.json"
    if not config_path.is_file():
        raise _wrong(
            path,
            "the folder has no config.json",
            "give the folder that `save_pretrained` wrote, or a single .gguf file",
        )
    if not any(file for pattern in WEIGHTS for file in path.glob(pattern)):
        raise _wrong(
            path,
            f"the folder has no weights ({' or '.join(WEIGHTS)})",
            "fetch the whole folder, large files included",
        )
    config = _json(config_path)
    require_libraries()
    inner = config.get("text_config", config)
    tokenizer = _tokenizer(path)
    by_id = {token: text for text, token in tokenizer.get_vocab().items()}
    declared = [tokenizer.eos_token_id, inner.get("eos_token_id")]
    if (generation := path / "generation_config.json").is_file():
        declared.append(_json(generation).get("eos_token_id"))
    flat = [each for item in declared for each in (item if isinstance(item, list) else [item])]
    plain, whole = (tokenizer.encode("a", add_special_tokens=add) for add in (False, True))
    begun = whole[: whole.index(plain[0])]
    dtype = inner.get("dtype") or inner.get("torch_dtype") or "of unknown type"
    method = inner.get("quantization_config", {}).get("quant_method")
    return {
        "title": path.name,
        "quantisation": f"{f'{method}, ' if method else ''}{dtype} weights, computed in float32",
        "start": tuple(by_id[token] for token in begun),
        "end_of_text": _ends(path, (by_id[each] for each in flat if each in by_id), by_id.values()),
        "bytewise": BYTE_TOKEN not in by_id.values(),
    }


def _tokenizer(path: Path) -> Any:
    os.environ["HF_HUB_OFFLINE"] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # third-party deprecation notes, none about results
        import transformers

        try:
            return transformers.AutoTokenizer.from_pretrained(path, local_files_only=True)
        except Exception as error:  # as many kinds as there are tokenizers
            raise _wrong(
                path,
                f"its tokenizer cannot be loaded ({type(error).__name__}: {one_line(error)})",
                "put the tokenizer's files next to config.json",
            ) from error


def _json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _wrong(path, f"this is not JSON ({error})", "fetch the file again") from error
    if not isinstance(content, dict):
        raise _wrong(path, "this is not a JSON object", "fetch the file again")
    return content


def _ends(path: Path, declared: Iterable[str], vocabulary: Iterable[str]) -> tuple[str, ...]:
    """Names of the tokens that end a text, without repetition."""
    known = set(vocabulary)
    names = tuple(dict.fromkeys([*declared, *(name for name in ENDS if name in known)]))
    if not names:
        raise _wrong(
            path, "no token ends a text", "declare one as eos_token_id in generation_config.json"
        )
    return names
