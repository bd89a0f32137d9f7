from __future__ import annotations

import os
from pathlib import Path

from builders import a_teaser, an_issue
from newsletter.domain.issue import Issue, RenderedIssue
from newsletter.render.issue import render_issue
from newsletter.render.memory import RenderMemory
from newsletter.render.mjml import Mrml


class Press:
    """Renders, and counts how often."""

    def __init__(self) -> None:
        self.rendered = 0

    def render(self, issue: Issue) -> RenderedIssue:
        self.rendered += 1
        return render_issue(issue, compiler=Mrml())


def an_issue_about(headline: str) -> Issue:
    return an_issue(lead=a_teaser(headline=headline))


def test_an_issue_that_says_the_same_is_rendered_once() -> None:
    press = Press()
    memory = RenderMemory(press.render, theme=None)

    first, second = (memory.render(an_issue_about("One")) for _ in range(2))

    assert first == second
    assert press.rendered == 1
    assert memory.recall(an_issue_about("One")) == first
    assert memory.recall(an_issue_about("Two")) is None


def test_only_the_latest_issues_are_kept() -> None:
    press = Press()
    memory = RenderMemory(press.render, theme=None)

    for number in range(9):
        memory.render(an_issue_about(f"Number {number}"))

    assert memory.recall(an_issue_about("Number 0")) is None
    assert memory.recall(an_issue_about("Number 8"))


def test_a_changed_theme_is_rendered_anew(tmp_path: Path) -> None:
    press = Press()
    memory = RenderMemory(press.render, theme=tmp_path)
    memory.render(an_issue_about("One"))
    (tmp_path / "theme.toml").write_text("", encoding="utf-8")
    os.utime(tmp_path / "theme.toml", (2_000_000_000, 2_000_000_000))

    memory.render(an_issue_about("One"))

    assert press.rendered == 2
