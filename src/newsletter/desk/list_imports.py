"""Lists of subscribers: handed in, their columns explained, tried, taken over while the editor looks on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Thread
from typing import Any

from litestar.datastructures import UploadFile
from litestar.params import FromPath, MultipartBody, URLEncodedBody
from litestar.response import Redirect, Stream, Template

from newsletter.app import App
from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.address import mask_addresses
from newsletter.domain.editor import EditorRole
from newsletter.domain.list_import import MOST_BYTES, ImportStage, ListImport, ListReading
from newsletter.errors import NewsletterError, describe_failure
from newsletter.ingest.list_layout import COLUMNS
from newsletter.log import log
from newsletter.service.list_imports import (
    Run,
    begin_import,
    break_off,
    carry_out,
    choose_reading,
    drop_list,
    explain_reading,
    keep_list,
    stop_import,
    write_refusals,
)
from newsletter.store import list_imports
from newsletter.store.list_imports import Refusal
from newsletter.web.pages import show

_PATH = "/subscribers/import/{import_id:int}"
_BLOCK_BYTES = 1 << 20
_FIRST_REFUSALS = 20

Fields = URLEncodedBody[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportsPage:
    jobs: tuple[ListImport, ...]
    megabytes: int = MOST_BYTES >> 20
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage:
    job: ListImport
    is_alive: bool
    #: a run ended on the way
    may_go_on: bool
    may_begin: bool
    #: ours → the file's
    reading: Mapping[str, tuple[str, ...]]
    refusals: tuple[Refusal, ...]
    is_cut: bool
    columns: tuple[str, ...] = COLUMNS
    error: str = ""

    @property
    def has_addresses(self) -> bool:
        return bool(self.reading["email"])

    def chosen(self, ours: str) -> str:
        """Return the column that the editor named for one of ours; "" where the header says it by itself."""
        return next((theirs for theirs, meant in self.job.reading.mapping.items() if meant == ours), "")

    @property
    def is_done(self) -> bool:
        return self.job.stage in {ImportStage.FINISHED, ImportStage.FAILED}


@screen("/subscribers/import", role=EditorRole.EDITOR)
def show_imports(app: TheApp) -> Template:
    return _show_all(app)


@act("/subscribers/import", role=EditorRole.EDITOR, most_bytes=MOST_BYTES + (1 << 20))
def hand_in(
    request: AnyRequest, data: MultipartBody[dict[str, Any]], app: TheApp, editor: TheEditor
) -> Template | Redirect:
    file = data.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return _show_all(app, error="Choose a file first.")
    try:
        job = keep_list(file.filename, _read_blocks(file), database=app.database, editor=editor.name, now=app.now())
    except NewsletterError as error:
        return _show_all(app, error=str(error))
    say(request, f"{job.file_name} is here. Nobody is changed before you import it.")
    return see_other(f"/subscribers/import/{job.id}")


@screen(_PATH, role=EditorRole.EDITOR)
def show_import(import_id: FromPath[int], app: TheApp) -> Template:
    return _show(app, import_id)


@act(f"{_PATH}/reading", role=EditorRole.EDITOR)
def explain(import_id: FromPath[int], data: Fields, app: TheApp, editor: TheEditor) -> Template | Redirect:
    mapping = {data[f"column-{ours}"]: ours for ours in COLUMNS if data.get(f"column-{ours}")}
    reading = ListReading(mapping=mapping, consent_source=" ".join(data.get("consent_source", "").split()))
    try:
        choose_reading(import_id, reading, database=app.database, now=app.now())
    except NewsletterError as error:
        return _show(app, import_id, error=str(error))
    return _begin(app, import_id, editor.name, is_trial=True)


@act(f"{_PATH}/begin", role=EditorRole.EDITOR)
def begin(import_id: FromPath[int], data: Fields, app: TheApp, editor: TheEditor) -> Template | Redirect:
    return _begin(app, import_id, editor.name, is_trial=data.get("do") == "try")


@act(f"{_PATH}/stop", role=EditorRole.EDITOR)
def stop(request: AnyRequest, import_id: FromPath[int], app: TheApp, editor: TheEditor) -> Redirect:
    stop_import(import_id, database=app.database, editor=editor.name, now=app.now())
    say(request, "It stops after the lines that it has in hand.")
    return see_other(f"/subscribers/import/{import_id}")


@act(f"{_PATH}/delete", role=EditorRole.EDITOR)
def delete(request: AnyRequest, import_id: FromPath[int], app: TheApp, editor: TheEditor) -> Redirect:
    drop_list(import_id, database=app.database, editor=editor.name, now=app.now())
    say(request, "The list is deleted. Whom it brought stays.")
    return see_other("/subscribers/import")


@screen(f"{_PATH}/refused.csv", role=EditorRole.EDITOR)
def give_refusals(import_id: FromPath[int], app: TheApp) -> Stream:
    headers = {
        "Content-Disposition": f'attachment; filename="list-{import_id}-refused.csv"',
        "Cache-Control": "no-store",
    }
    lines = write_refusals(import_id, database=app.database)
    return Stream((line.encode("utf-8") for line in lines), media_type="text/csv", headers=headers)


def _begin(app: App, import_id: int, editor: str, *, is_trial: bool) -> Template | Redirect:
    try:
        run = begin_import(import_id, is_trial=is_trial, database=app.database, editor=editor, now=app.now())
    except NewsletterError as error:
        return _show(app, import_id, error=str(error))
    # The process may end under it: the database has all that it did, and the page then offers to go on.
    Thread(target=_carry, args=(run, app), name=f"list {import_id}", daemon=True).start()
    return see_other(f"/subscribers/import/{import_id}")


def _carry(run: Run, app: App) -> None:
    try:
        carry_out(run, database=app.database, address_key=app.address_key, clock=app.now)
    except Exception as error:  # noqa: BLE001 - whatever it is, the page has to say it
        why = describe_failure(error)
        log.error("a run over a list failed", list=run.job.id, why=why)  # no traceback: it has addresses
        break_off(run, why, database=app.database)


def _show_all(app: App, *, error: str = "") -> Template:
    with app.database.snapshot() as snapshot:
        jobs = tuple(list_imports.list_all(snapshot))
    return show("list_imports.html.j2", ImportsPage(jobs=jobs, error=error), status=400 if error else 200)


def _show(app: App, import_id: int, *, error: str = "") -> Template:
    with app.database.snapshot() as snapshot:
        job = list_imports.find_import(snapshot, import_id)
        refusals = tuple(list_imports.stream_refusals(snapshot, import_id, limit=_FIRST_REFUSALS + 1))
    now = app.now()
    page = ImportPage(
        job=job,
        is_alive=job.is_alive(now),
        may_go_on=job.may_go_on(now),
        may_begin=job.may_begin(now),
        reading=explain_reading(job),
        refusals=tuple(
            Refusal(line=each.line, reason=mask_addresses(each.reason), given=mask_addresses(each.given))
            for each in refusals[:_FIRST_REFUSALS]
        ),
        is_cut=len(refusals) > _FIRST_REFUSALS,
        error=error,
    )
    return show("list_import.html.j2", page, status=400 if error else 200)


def _read_blocks(file: UploadFile) -> Iterator[bytes]:
    file.file.seek(0)
    while block := file.file.read(_BLOCK_BYTES):
        yield block
