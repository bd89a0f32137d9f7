"""Draw the screens of the desk for docs/desk.md: docs/images/desk-*.png. Its newsletter is the tests' own."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"

sys.path.insert(0, str(ROOT / "tests"))

from desk_content import DRAFTED, MAILED, approve_draft, fill  # noqa: E402  # the newsletter is the tests' own
from desk_stand import an_app, appoint, begin_sign_in  # noqa: E402
from drawing import a_picture_file  # noqa: E402
from newsletter.desk.factory import create_desk  # noqa: E402
from newsletter.domain.editor import EditorRole  # noqa: E402
from newsletter.service.edit_article import edit_article  # noqa: E402
from newsletter.service.keep_pictures import keep_upload  # noqa: E402
from newsletter.service.list_imports import keep_list  # noqa: E402
from newsletter.store.database import Database  # noqa: E402
from newsletter.web.front import create_front  # noqa: E402
from site_server import serve_site  # noqa: E402
from site_stand import a_site  # noqa: E402

_DESK, _PHONE = 1280, 375
_COLOURS = 128  # of a picture: screens are flat, and docs should open at once
_TALLEST = 1400
_LIST = b"email,name,joined\nann@example.org,Ann Sample,2024-05-01\nben@example.org,Ben Sample,2025-02-11\n"
_BODY = """The strait was wide, and *nobody* had asked the **ferrymen**.[^1]

## The Strait

> It was wide. It still is.

- the first pier
- the second, as [the harbour board](https://example.org/board) has it

![A ferry in fog]({picture} "Ann Example, CC BY 4.0")

| year | ferries |
| --- | --- |
| 1914 | 2 |
| 1921 | none |

[^1]: In 1914 they wrote to the prefect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    name: str
    #: below the desk
    path: str
    width: int = _DESK
    scheme: Literal["light", "dark"] = "light"


SHOTS = (
    Shot(name="sign-in", path="/sign-in", width=_PHONE),
    Shot(name="home", path="/"),
    Shot(name="home-phone", path="/", width=_PHONE, scheme="dark"),
    Shot(name="articles", path="/articles"),
    Shot(name="article", path="/articles/1"),
    Shot(name="announcements", path="/announcements"),
    Shot(name="announcement", path="/announcements/1"),
    Shot(name="partners", path="/partners"),
    Shot(name="partner", path="/partners/1"),
    Shot(name="partners-report", path="/partners/report"),
    Shot(name="issues", path="/issues"),
    Shot(name="composer", path=f"/issues/{DRAFTED}"),
    Shot(name="composer-phone", path=f"/issues/{DRAFTED}", width=_PHONE, scheme="dark"),
    Shot(name="preview", path=f"/issues/{DRAFTED}/preview"),
    Shot(name="check", path=f"/issues/{DRAFTED}/check"),
    Shot(name="approval", path=f"/issues/{DRAFTED}/approval"),
    Shot(name="send", path=f"/issues/{DRAFTED}/send"),
    Shot(name="live", path=f"/issues/{MAILED}/live"),
    Shot(name="live-phone", path=f"/issues/{MAILED}/live", width=_PHONE, scheme="dark"),
    Shot(name="report", path=f"/issues/{MAILED}/report"),
    Shot(name="calendar", path="/calendar"),
    Shot(name="subscribers", path="/subscribers"),
    Shot(name="person", path="/subscribers/1"),
    Shot(name="import", path="/subscribers/import"),
    Shot(name="list", path="/subscribers/import/1"),
    Shot(name="segments", path="/segments"),
    Shot(name="segment", path="/segments/press"),
    Shot(name="bounces", path="/bounces"),
    Shot(name="bounce", path="/bounces/1"),
    Shot(name="suppressions", path="/suppressions"),
    Shot(name="editors", path="/editors"),
    Shot(name="account", path="/account"),
    Shot(name="second-factor", path="/account/second-factor", width=_PHONE),
    Shot(name="audit", path="/audit"),
    Shot(name="settings", path="/settings"),
    Shot(name="doctor", path="/doctor"),
)


def main() -> int:
    program = shutil.which("chromium")
    if program is None:
        print("Chromium is not here: sudo apt-get install chromium", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/newsletter.db")
        database.migrate()
        filled = fill(database)
        now = filled.now
        app = an_app(database, now=lambda: now)
        approve_draft(filled, app)
        picture = keep_upload("ferry.jpg", a_picture_file(), database=database, now=now)
        edit_article(1, {"body": _BODY.format(picture=picture.path)}, database=database, now=now)
        keep_list("members.csv", [_LIST], database=database, editor="Ada Lindqvist", now=now)
        editor = appoint(database, EditorRole.OWNER, now=now, email="ada@example.org", name="Ada Lindqvist")
        appoint(database, EditorRole.PUBLISHER, now=now, email="ben@example.org", name="Ben Sample")
        token = begin_sign_in(database, editor, now=now)
        # Beside the readers' site, whose pages stand in a frame.
        front = create_front(a_site(database, now=lambda: now), under={"/desk": create_desk(app)})
        with serve_site(front) as base, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
            for shot in SHOTS:
                take(browser, base, token, shot)
            browser.close()
        database.close()
    return 0


def take(browser: Browser, base: str, token: str, shot: Shot) -> None:
    context = browser.new_context(viewport={"width": shot.width, "height": 800}, color_scheme=shot.scheme)
    if shot.name != "sign-in":
        context.add_cookies([{"name": "desk", "value": token, "url": base}])
    page = context.new_page()
    answer = page.goto(f"{base}/desk{shot.path}", wait_until="load")
    if answer is None or not answer.ok:
        sys.exit(f"{shot.path} is not shown: {answer and answer.status}")
    page.wait_for_function("() => [...document.images].every(each => each.complete)")
    page.wait_for_timeout(400)  # frames of letters
    height = min(_TALLEST, page.evaluate("document.documentElement.scrollHeight"))
    clip = {"x": 0.0, "y": 0.0, "width": float(shot.width), "height": float(height)}
    drawn = page.screenshot(full_page=True, clip=clip)  # type: ignore[arg-type] # Playwright's own dict
    context.close()
    with Image.open(BytesIO(drawn)) as image:
        image.convert("RGB").quantize(_COLOURS).save(IMAGES / f"desk-{shot.name}.png", optimize=True)
    print(f"docs/images/desk-{shot.name}.png")


if __name__ == "__main__":
    sys.exit(main())
