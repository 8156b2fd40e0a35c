"""Export from a panel: which names are files beside the notebook, and which are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from notebook_async.core.recording import Recording, load_recording
from notebook_async.widgets._events_export import (
    ExportNameError,
    export,
    file_name,
    suggest_name,
)
from tests.widgets.recordings import items, recorded, story


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("run", "run.jsonl.gz"),
        (" run ", "run.jsonl.gz"),
        ("run.jsonl", "run.jsonl.gz"),
        ("run.gz", "run.jsonl.gz"),
        ("run.jsonl.gz", "run.jsonl.gz"),
        ("run.7", "run.7.jsonl.gz"),
        ("läuft gut", "läuft gut.jsonl.gz"),
        ("..a", None),
        ("", None),
        ("  ", None),
        (".", None),
        ("..", None),
        (".hidden", None),
        ("../up", None),
        ("/etc/x", None),
        ("a/b", None),
        ("a\\b", None),
        ("C:x", None),
        ("a\0b", None),
        ("a\nb", None),
        ("nul", None),
        ("COM1.jsonl.gz", None),
        ("x" * 200, None),
    ],
)
def test_names(text: str, name: str | None) -> None:
    """A name is a file in this folder, whatever a page may send."""
    if name is None:
        with pytest.raises(ExportNameError, match=r"name|characters|beside"):
            file_name(text)
    else:
        assert file_name(text) == name
        assert Path(name).name == name


def test_suggested_names_may_be_used() -> None:
    """The name that is offered says what was recorded, and is a name."""
    names = [suggest_name(recorded(story())), suggest_name(Recording())]
    assert names[0].startswith("index-")
    assert names[1].startswith("recording-")
    assert [file_name(name) for name in names] == names


async def test_writes_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written is there, and loads."""
    monkeypatch.chdir(tmp_path)
    told = await export(recorded(items(5)), "five", replace=False)
    assert (told["state"], told["path"]) == ("done", str(tmp_path / "five.jsonl.gz"))
    assert len(load_recording(told["path"])) == 5


async def test_failures_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong name and a folder that takes no file are told in words."""
    monkeypatch.chdir(tmp_path)
    told = await export(recorded(items(5)), "../five", replace=True)
    assert told["state"] == "failed"
    assert "beside the notebook" in told["error"]

    def refuse(_path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    recording = recorded(items(5))
    monkeypatch.setattr(recording, "export", refuse)
    told = await export(recording, "five", replace=False)
    assert told["error"] == "not written: Permission denied"


async def test_a_link_is_not_followed_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link that leads nowhere is something that is there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "five.jsonl.gz").symlink_to(tmp_path / "elsewhere")
    told = await export(recorded(items(5)), "five", replace=False)
    assert told["state"] == "exists"
