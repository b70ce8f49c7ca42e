"""`simlib collect server`: sample attempts from any OpenAI-compatible server."""

from pathlib import Path
from typing import Annotated

import typer

from ._data import print_json


def server_command(
    url: Annotated[str, typer.Option(help="Base address, such as http://localhost:8000/v1.")],
    server_model: Annotated[str, typer.Option(help="Name of the model on the server.")],
    model: Annotated[str, typer.Option(help="Short name of the model in the tables.")],
    tasks: Annotated[
        list[str] | None, typer.Option("--task", help="Task and level, such as add-2; repeat.")
    ] = None,
    items: Annotated[int, typer.Option(help="Items per task and level.")] = 32,
    attempts: Annotated[int, typer.Option(help="Sampled attempts at each item.")] = 20,
    chunk: Annotated[int, typer.Option(help="Items of one chunk.")] = 4,
    concurrency: Annotated[int, typer.Option(help="Requests under way at a time.")] = 4,
    timeout: Annotated[float, typer.Option(help="Seconds for one request.")] = 60.0,
    retries: Annotated[int, typer.Option(help="Further tries after a fault that may pass.")] = 5,
    logprobs: Annotated[
        bool,
        typer.Option(
            "--logprobs",
            help="Also ask for the log-probabilities of the sampled tokens, and write them to "
            "log_probs/ in the folder of chunks. They are no part of the data set.",
        ),
    ] = False,
    standard_fields: Annotated[
        bool,
        typer.Option(
            "--standard-fields",
            help="Send fields of the OpenAI protocol only. The server then truncates the "
            "distribution as it likes.",
        ),
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Data folder to write to; default: the book's own.")
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="Folder for finished chunks; default: .collect/<data set>.")
    ] = None,
    entropy: Annotated[
        str | None,
        typer.Option(help="Whole number that fixes items and seeds; fresh if absent."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count the requests that are left and stop.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Sample attempts from vLLM, llama.cpp, Ollama or another OpenAI-compatible server.

    A key, if the server wants one, is taken from the environment variable SIMLIB_API_KEY and is
    written nowhere. Servers do not guarantee reproducibility, whatever the entropy.
    """
    from simlib._paths import data_directory
    from simlib.traces.collect import CompletionServer, ServerPlan, jobs_left

    from ._collect_run import collect_and_publish, entropy_of, group_of

    if not tasks:
        raise ValueError("--task is missing: give at least one task and level, such as add-2.")
    directory = out or data_directory()
    folder = work or Path(".collect") / f"server-{model}"
    plan = ServerPlan(
        model=model,
        entropy=entropy_of(entropy, folder),
        server=CompletionServer(url, timeout=timeout, retries=retries),
        server_model=server_model,
        cells=tuple(map(group_of, tasks)),
        items_per_cell=items,
        attempts=attempts,
        chunk=chunk,
        concurrency=concurrency,
        log_probs=folder / "log_probs" if logprobs else None,
        standard_fields=standard_fields,
    )
    if dry_run:
        jobs = plan.jobs()
        left = jobs_left(plan, folder, jobs)
        requests = sum(job.tokens for job in left)
        if json:
            counts = {"jobs": len(jobs), "jobs_left": len(left), "requests_left": requests}
            print_json({"id": plan.dataset_id, **counts})
        else:
            typer.echo(
                f"{plan.dataset_id}: {len(left)} of {len(jobs)} jobs left, {requests:,} requests. "
                "Nothing was asked."
            )
        return
    collect_and_publish(plan, folder, directory, json, unit="requests")
