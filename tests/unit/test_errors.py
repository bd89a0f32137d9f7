from __future__ import annotations

from typing import Any

import pytest

from newsletter.errors import RefusedError, StoreError, describe_failure, find_first, trace_failure


def a_failure() -> ValueError:
    with pytest.raises(ValueError, match=r"ada@example\.org") as failure:
        int("ada@example.org")
    return failure.value


def test_a_failure_is_described_without_the_values_that_it_quotes() -> None:
    described = describe_failure(ExceptionGroup("many", [a_failure()]))

    assert described.startswith("ValueError in a_failure, line ")
    assert "ada" not in described


def test_what_we_raise_ourselves_is_described_in_its_own_words() -> None:
    assert describe_failure(RefusedError("Not now.")) == "Not now."


def test_a_failure_that_was_never_raised_has_no_place() -> None:
    assert describe_failure(RuntimeError("never raised")) == "RuntimeError"
    assert trace_failure(RuntimeError("never raised")) == []


def test_a_failure_is_traced_by_file_line_and_function_alone() -> None:
    (place,) = trace_failure(a_failure())

    assert place.startswith("test_errors.py:")
    assert place.endswith(" a_failure")


def test_the_first_error_of_a_task_group_is_found_however_deep() -> None:
    inner = ExceptionGroup("inner", [StoreError("The database failed."), StoreError("And again.")])
    outer: BaseExceptionGroup[Any] = BaseExceptionGroup("outer", [inner])

    assert str(find_first(outer)) == "The database failed."
