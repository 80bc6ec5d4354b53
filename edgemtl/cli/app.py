"""The commands by name, and how every one of them fails: one line, exit status 2."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from edgemtl._version import __version__
from edgemtl.cli import (
    bench,
    classify,
    demo,
    evaluate,
    export,
    flows,
    importing,
    inspect,
    study,
    train,
)
from edgemtl.cli.output import note
from edgemtl.cli.stopping import leave_on_signal
from edgemtl.errors import EdgemtlError

__all__ = ["app", "main"]

# click's base exception by way of typer's public name: newer typers carry click inside them.
ClickException: type[Exception] = typer.BadParameter.__mro__[2]

# How pydantic, which newer typers ask, calls what is wrong with a number, and what one must be.
NUMBERS = {
    "int_parsing": "a whole number",
    "float_parsing": "a number",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
}

app = typer.Typer(
    help="What an encrypted network flow is, and what it will need, from its first packets.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(show: bool) -> None:
    if show:
        typer.echo(f"edgemtl {__version__}")
        raise typer.Exit


@app.callback()
def edgemtl(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """What an encrypted network flow is, and what it will need, from its first packets."""


app.command("demo", epilog=demo.EPILOG)(demo.demo)
app.command("flows", epilog=flows.EPILOG)(flows.flows)
app.add_typer(importing.app, name="import")
app.command("inspect", epilog=inspect.EPILOG)(inspect.inspect)
app.command("train", epilog=train.EPILOG)(train.train)
app.command("evaluate", epilog=evaluate.EPILOG)(evaluate.evaluate)
app.command("study", epilog=study.EPILOG)(study.study)
app.command("export", epilog=export.EPILOG)(export.export)
app.command("bench", epilog=bench.EPILOG)(bench.bench)
app.command("classify", epilog=classify.EPILOG)(classify.classify)


def main() -> None:
    """Run the command line; what a user can mend is one line on standard error, exit status 2."""
    leave_on_signal()
    _mend_streams()
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    where = " ".join(["edgemtl", *words[: 2 if words[:1] == ["import"] else 1]])
    try:
        _refuse_empty_words(sys.argv[1:])
        # Not command.main(): that exits with 1, a bad answer, when a reader closes the pipe.
        command = typer.main.get_command(app)
        with command.make_context("edgemtl", sys.argv[1:]) as context:
            command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as end:
        sys.exit(end.exit_code)
    except ClickException as error:
        usage: Any = error
        path = usage.ctx.command_path if getattr(usage, "ctx", None) else "edgemtl"
        if not usage.format_message():  # no command: its help was the answer
            sys.exit(2)
        _fail(path, _number(usage) or f"{usage.format_message().rstrip('.')}: see {path} --help")
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:  # whoever reads our output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except EdgemtlError as error:
        _fail(where, str(error))
    except OSError as error:
        file = f"{error.filename}: " if error.filename else ""
        _fail(where, f"{file}{error.strerror or error}")
    except MemoryError:
        _fail(where, "out of memory")


def _mend_streams() -> None:
    """Text goes somewhere also where a stream was closed, and its encoding lacks a name."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _refuse_empty_words(words: list[str]) -> None:
    """A variable that a script forgot to set must not mean this folder, or no key."""
    for word in words:
        name, equals, value = word.partition("=")
        if not word or (name.startswith("--") and equals and not value):
            raise EdgemtlError(f"{name or 'an argument'} is empty: is a variable not set?")


def _number(usage: Any) -> str | None:
    """What an option's number must be; None where something else is wrong."""
    errors: list[Any] = getattr(usage.__cause__, "errors", list)()
    if not errors or errors[0]["type"] not in NUMBERS:
        return None
    want = NUMBERS[errors[0]["type"]].format(**errors[0].get("ctx", {}))
    return f"{usage.param.opts[-1]}: must be {want}, got {errors[0]['input']!r}"


def _fail(where: str, message: str) -> NoReturn:
    note(f"{where}: {' '.join(message.split())}")
    sys.exit(2)
