"""Reading traces, and even planning a collection, needs no language-model library."""

import subprocess
import sys


def test_traces_do_not_import_a_language_model_library():
    code = (
        "import sys, simlib.traces, simlib.traces.collect\n"
        "simlib.traces.load('answers-smollm2')\n"
        "own = tuple((task.name, task.levels[0]) for task in simlib.traces.TASKS.values()"
        " if task.generator == 'simlib')\n"
        "kinds = {'answers': simlib.traces.collect.AnswersPlan,\n"
        "         'attempts': simlib.traces.collect.AttemptsPlan}\n"
        "few = {'answers': {'groups': own}, 'attempts': {'cells': own}}\n"
        "for name, kind in kinds.items():\n"
        "    kind(model='smollm2', entropy=1, **few[name]).jobs()\n"
        "kinds = simlib.traces.collect\n"
        "for kind in (kinds.ChainsPlan, kinds.PivotsPlan, kinds.PlantedPlan):\n"
        "    kind(model='smollm2', entropy=1, steps=120).jobs()\n"
        "print(sorted({'torch', 'transformers', 'gguf', 'jax'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
