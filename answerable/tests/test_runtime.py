"""What a page's Python consists of is fetched once, checked by hash, and missed politely."""

from __future__ import annotations

import functools
import hashlib
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from answerable import browser
from answerable.browser import runtime

FILES = {"a.wasm": b"the first file", "b.whl": b"the second file"}


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server of two files, in place of Pyodide's; the package index has neither."""
    served = tmp_path / "served"
    served.mkdir()
    for name, content in FILES.items():
        (served / name).write_bytes(content)
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(served))
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    here = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=here.serve_forever, daemon=True).start()
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    monkeypatch.setitem(runtime.LOCK, "files", hashes)
    monkeypatch.setattr(runtime, "SERVER", f"http://127.0.0.1:{here.server_port}/")
    monkeypatch.setattr(runtime, "_home", lambda: tmp_path / "home")

    def no_index(folder, names):
        """The package index:"""
        asked.append(set(names))
        raise OSError("no such package")

    asked = []
    monkeypatch.setattr(runtime, "_from_index", no_index)
    yield served, asked
    here.shutdown()
    here.server_close()


def test_files_are_fetched_once(server):
    served, _ = server
    fetched = runtime.fetch()
    assert {name: path.read_bytes() for name, path in fetched.items()} == FILES
    for name in FILES:
        (served / name).unlink()
    assert runtime.fetch() == fetched


def test_a_damaged_file_is_fetched_again(server):
    path = runtime.fetch()["a.wasm"]
    path.write_bytes(b"the first fi")
    assert runtime.fetch()["a.wasm"].read_bytes() == FILES["a.wasm"]


def test_a_file_that_is_not_the_right_one_is_not_used(server):
    served, asked = server
    (served / "b.whl").write_bytes(b"something else")
    with pytest.raises(runtime.Unavailable, match=r"not to be had: b\.whl(.|\n)*no such package"):
        runtime.fetch()
    assert asked == [{"b.whl"}]
    (served / "b.whl").write_bytes(FILES["b.whl"])
    assert runtime.fetch()["b.whl"].read_bytes() == FILES["b.whl"]


def test_without_it_the_site_is_built_and_says_so(project, monkeypatch):
    def none():
        raise runtime.Unavailable("not to be had: python.wasm")

    project.edit("mkdocs.yml", ", browser: false", "")
    monkeypatch.setattr(browser, "files", none)
    status, said = project.build()
    assert status == 0
    assert "Pages will have no Run: not to be had: python.wasm" in said
    assert "page.js" not in (project.root / "site/questions/dice/index.html").read_text()
    assert project.build("--strict")[0] == 1


def test_the_engine_for_the_page_is_the_same_bytes_each_time():
    assert browser._engine() == browser._engine()
