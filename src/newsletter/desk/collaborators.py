"""What handlers ask for by name: the newsletter, who is signed in, and the sign-in."""

from __future__ import annotations

from typing import TypeAlias

from litestar.di import NamedDependency

from newsletter.app import App
from newsletter.desk.visit import AnyRequest, visit_of
from newsletter.domain.editor import Editor
from newsletter.domain.sign_in import SignIn

TheApp: TypeAlias = NamedDependency[App]
#: who makes the request
TheEditor: TypeAlias = NamedDependency[Editor]
TheSignIn: TypeAlias = NamedDependency[SignIn]


def provide_sign_in(request: AnyRequest) -> SignIn:
    """Give the sign-in of who makes the request; there is one wherever a role is needed."""
    sign_in = visit_of(request).sign_in
    if sign_in is None:
        raise RuntimeError("A handler that anybody may call asks who is signed in.")
    return sign_in


def provide_editor(request: AnyRequest) -> Editor:
    return provide_sign_in(request).editor
