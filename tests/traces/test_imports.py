"""Reading traces, and even planning a collection, needs no language-model library."""

import subprocess
import sys


def test_traces_do_not_import_a_language_model_library():
    code = (
        "import sys, simlib.traces, simlib.traces.collect\n"
        "simlib.traces.load('answers-smollm2')\n"
        "simlib.traces.collect.Plan('smollm2', 1).draw_groups()\n"
        "print(sorted({'torch', 'transformers', 'gguf', 'jax'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
