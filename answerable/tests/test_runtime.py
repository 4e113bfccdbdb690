"""What a page's Python consists of is fetched once, checked by hash, and missed politely."""

from __future__ import annotations

import functools
import hashlib
import subprocess
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


def test_a_file_that_breaks_off_is_fetched_again(server, monkeypatch):
    served, _ = server

    def half(self):
        """All of the head, half of the file."""
        whole = (served / self.path[1:]).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(whole)))
        self.end_headers()
        self.wfile.write(whole[: len(whole) // 2])

    with monkeypatch.context() as patched:
        patched.setattr(SimpleHTTPRequestHandler, "do_GET", half)
        with pytest.raises(runtime.Unavailable, match=r"a\.wasm, b\.whl\n.*IncompleteRead"):
            runtime.fetch()
    assert {name: path.read_bytes() for name, path in runtime.fetch().items()} == FILES


def test_a_damaged_bundle_is_made_again(server, monkeypatch, tmp_path):
    made = []
    texts = {"editor.js": "the editor", "search.js": "é"}
    monkeypatch.setattr(runtime, "_made", lambda: made.append(1) or {"bundle": texts})
    right = {name: text.encode() for name, text in texts.items()}
    assert runtime.bundle() == runtime.bundle() == right
    assert len(made) == 1
    (kept,) = (tmp_path / "home").iterdir()
    kept.write_bytes(kept.read_bytes()[:-3])
    assert runtime.bundle() == right
    assert len(made) == 2


def test_what_cannot_be_bundled_is_said(server, monkeypatch):
    def fails(*command, **_):
        raise subprocess.CalledProcessError(1, command, stderr="npm error ⚡")

    monkeypatch.setattr(subprocess, "run", fails)
    with pytest.raises(runtime.Unavailable, match=r"could not be had from npm: npm error ⚡"):
        runtime.bundle()


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
