"""The command `simlib`.

Exit codes: 0 done; 1 a verification failed (a verdict changed, a checksum differs); 2 wrong use
or a missing or faulty file, explained in one message; 130 interrupted. Results go to stdout,
progress and messages to stderr, so `--json` output can be piped.
"""

from collections.abc import Sequence
from typing import Annotated

import typer

# These modules load the library itself only when a command runs, so that help is quick.
from ._claims import claims_command
from ._collect import collect_app
from ._compiled import keep_compiled_programs
from ._data import data_app
from ._errors import MISUSED, fail, is_deliberate, message
from ._fit import fit_command
from ._forecast import forecast_command
from ._import import import_command
from ._reduce import reduce_command
from ._simulate import simulate_app
from ._simulate_history import recovery_command, self_conditioning_command

app = typer.Typer(
    name="simlib",
    help="Error accumulation in language models: simulate, verify, look up.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("claims")(claims_command)
app.command("fit")(fit_command)
app.command("forecast")(forecast_command)
simulate_app.command("self_conditioning")(self_conditioning_command)
simulate_app.command("recovery")(recovery_command)
app.add_typer(simulate_app, name="simulate")
app.add_typer(data_app, name="data")
app.add_typer(collect_app, name="collect")
app.command("import")(import_command)
app.command("reduce")(reduce_command)


def _print_version(wanted: bool) -> bool:
    if wanted:
        from simlib import __version__

        typer.echo(f"simlib {__version__}")
        raise typer.Exit()
    return wanted


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; arguments default to those of the process.

    Always ends by raising `SystemExit` with one of the codes above, or with the traceback of an
    error that is not the user's.
    """
    keep_compiled_programs()
    command = typer.main.get_command(app)
    try:
        command(args=None if arguments is None else list(arguments), prog_name="simlib")
    except Exception as error:
        if not is_deliberate(error):
            raise
        fail(message(error), MISUSED)
