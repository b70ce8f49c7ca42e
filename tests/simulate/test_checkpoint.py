"""A checkpointed run: resumed to the last bit, extended, refused where it does not belong."""

import jax
import numpy as np
import pytest

from simlib import HeavyTailed, Uniform, mixing
from simlib.simulate import Counts, survival, survival_counts
from simlib.simulate import _checkpoint as checkpoints
from simlib.simulate import _stream as streaming
from simlib.simulate._keys import BLOCK

KEY = jax.random.key(17)
PROCESS = Uniform(0.01)
LENGTHS = [0, 10, 100]
N = 7 * BLOCK + 31


class Broken(Exception):
    pass


@pytest.fixture(autouse=True)
def short_calls(monkeypatch):
    monkeypatch.setattr(streaming, "_BLOCKS_PER_CALL", 2)


def run(file, process=PROCESS, lengths=LENGTHS, *, key=KEY, replicates=N, **options):
    return survival_counts(
        process, lengths, key=key, replicates=replicates, checkpoint=file, **options
    )


def break_off(file, process=PROCESS, after=3 * BLOCK, **options):
    """A run that is interrupted once it has passed `after` replicates."""

    def interrupt(done, total):
        if done > after:
            raise Broken

    with pytest.raises(Broken):
        run(file, process, progress=interrupt, **options)


@pytest.mark.parametrize("start", [0, BLOCK + 5])
@pytest.mark.parametrize("process", [PROCESS, HeavyTailed(mixing.Gamma(0.02, 0.0004))])
def test_a_resumed_run_is_the_uninterrupted_run(process, start, tmp_path):
    file = tmp_path / "new" / "run.json"
    break_off(file, process, start=start)
    early = Counts.load(file)
    assert 3 * BLOCK < early.replicates < N
    seen = []
    resumed = run(file, process, start=start, progress=lambda *done: seen.append(done))
    assert resumed == run(None, process, start=start) == Counts.load(file)
    assert seen[0][0] > early.replicates
    assert seen[-1] == (N, N)
    assert sorted(path.name for path in file.parent.iterdir()) == ["run.json"]


def test_a_finished_run_is_read_and_a_longer_one_extends_it(tmp_path):
    file = tmp_path / "run.json"
    whole = run(file)
    # Nothing is left to simulate: no progress is heard.
    assert run(file, progress=lambda *_: pytest.fail("simulated again")) == whole
    estimate = survival(PROCESS, LENGTHS, key=KEY, replicates=2 * N, checkpoint=file)
    assert estimate.n == Counts.load(file).replicates == 2 * N
    plain = survival(PROCESS, LENGTHS, key=KEY, replicates=2 * N)
    np.testing.assert_array_equal(estimate.value, plain.value)


def test_the_file_is_written_now_and_then_and_at_the_end(tmp_path, monkeypatch):
    file, written = tmp_path / "run.json", []
    save = Counts.save

    def watched(counts, path):
        written.append(counts.replicates)
        save(counts, path)

    monkeypatch.setattr(Counts, "save", watched)
    run(file)
    # At once, to learn whether it can be written; then not within ten seconds; then at the end.
    assert written == [2 * BLOCK, N]
    monkeypatch.setattr(checkpoints, "_EVERY", 0.0)
    file.unlink()
    written.clear()
    run(file)
    assert written == [2 * BLOCK, 4 * BLOCK, 6 * BLOCK, N, N]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"key": jax.random.key(18)}, "has other key; pass what the run began with"),
        ({"process": Uniform(0.02)}, "other process, its parameters or the precision"),
        ({"lengths": [0, 10]}, "other lengths"),
        ({"replicates": BLOCK}, f"holds replicates 0 to {N - 1}, .* 0 to {BLOCK - 1}"),
        ({"start": 1}, "which do not begin replicates 1 to"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_and_kept(other, message, tmp_path):
    file = tmp_path / "run.json"
    whole = run(file)
    with pytest.raises(ValueError, match=message):
        run(file, **other)
    assert Counts.load(file) == whole


def test_another_precision_is_refused_whatever_the_dtype_of_the_parameters(tmp_path):
    file = tmp_path / "run.json"
    run(file)
    with jax.enable_x64(False), pytest.raises(ValueError, match="precision"):
        run(file, Uniform(0.01))


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[1]", b'{"format": "other"}', b"\xff", b"cut"],
)
def test_a_damaged_file_is_named(content, tmp_path):
    file = tmp_path / "run.json"
    run(file)
    whole = file.read_bytes()
    file.write_bytes(whole[:-20] if content == b"cut" else content)
    with pytest.raises(ValueError, match=r"run\.json does not hold counts .* remove it"):
        run(file)


def test_counts_survive_the_file_to_the_last_digit(tmp_path):
    # Beyond 64 bits and beyond what a float holds.
    counts = Counts((1, 2**62), (10**30 + 1, 3), (("k", 0, 10**30 + 7), ("l", 5, 6)), "p")
    counts.save(tmp_path / "counts.json")
    assert Counts.load(tmp_path / "counts.json") == counts
    with pytest.raises(FileNotFoundError):
        Counts.load(tmp_path / "none.json")


def test_a_folder_that_cannot_be_written_is_found_out_early(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        run(tmp_path / "file" / "run.json", progress=lambda *_: pytest.fail("went on"))
