"""What the search looks through. (That it finds is tested on a real site.)"""

from __future__ import annotations

import json

from answerable import search


def doc(location, title, text):
    return {"location": location, "title": title, "text": text}


def files(docs):
    index = search.Index()
    index.add(search.by_page(docs))
    found = index.files([])
    return json.loads(found[search.TITLES_FILE]), json.loads(found[search.WORDS_FILE])


def test_sections_become_pages_with_the_words_that_are_most_their_own():
    titles, words = files(
        [
            doc("", "Home &amp; more", "<p>bread</p>"),
            doc("a/", "A", "bread"),
            doc("a/#one", "One <em>part</em>", "bread &lt;cheese&gt; <code>butter</code>"),
        ]
    )
    assert [(page["location"], page["title"]) for page in titles] == [
        ("", "Home & more"),
        ("a/", "A"),
    ]
    assert set(words[1].split()) == {"one", "part", "bread", "cheese", "butter"}
    assert words[1].split()[-1] == "bread"  # it stands everywhere


def test_a_page_adds_no_more_words_however_long_it_is():
    _, words = files([doc("", "Long", " ".join(f"word{number}" for number in range(1000)))])
    assert len(words[0].split()) == search.WORDS


def test_only_the_path_of_the_themes_own_thread_is_replaced():
    page = '{"base": ".", "search": "./assets/javascripts/workers/search.a7.min.js"} "search": "x"'
    assert search.ours(page, "..") == (
        '{"base": ".", "search": "../assets/answerable/search.js"} "search": "x"'
    )


def test_without_the_script_the_theme_searches_as_ever(project):
    project.edit("mkdocs.yml", "theme: {name: mkdocs}", "theme: {name: material, font: false}")
    project.edit("mkdocs.yml", "plugins: [", "plugins: [search, ")
    status, output = project.build()
    assert status == 0, output
    index = json.loads((project.root / "site/search/search_index.json").read_text("utf-8"))
    assert any("dice" in entry["location"] for entry in index["docs"])
    assert not (project.root / "site" / search.TITLES_FILE).exists()


def test_a_page_taken_in_anew_takes_the_place_of_what_it_was():
    index = search.Index()
    index.add(search.by_page([doc("a/", "A", "alpha shared"), doc("b/", "B", "beta shared")]))
    index.add(search.by_page([doc("a/", "Aye", "gamma shared")]))
    files = index.files([])
    assert [page["title"] for page in json.loads(files[search.TITLES_FILE])] == ["Aye", "B"]
    words = json.loads(files[search.WORDS_FILE])
    assert "gamma" in words[0]
    assert "alpha" not in words[0]
    assert [it["location"] for it in index.docs()] == ["a/", "b/"]
