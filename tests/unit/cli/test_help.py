"""The command line explains itself: `--help` and docs/cli.md show these texts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import typer.main
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from newsletter.cli import app


def walk(group: TyperGroup, path: str = "newsletter") -> Iterator[tuple[str, TyperCommand]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from walk(command, f"{path} {name}")
        elif isinstance(command, TyperCommand):
            yield f"{path} {name}", command


def list_commands() -> dict[str, TyperCommand]:
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    return dict(walk(root))


COMMANDS = list_commands()


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_explains_itself_and_all_that_it_takes(path: str) -> None:
    command = COMMANDS[path]
    texts = {each.name: each.help for each in command.params if isinstance(each, TyperArgument | TyperOption)}

    assert command.help
    assert [name for name, text in texts.items() if not text] == []
