"""Things that stand in place of the files of a run: computed again, or refused with the remedy; the attack has more."""

import os
import stat

import pytest

from continuum.errors import BadInput, StorageError
from continuum.exp.report.command import write
from continuum.storage import MOST_LEVELS, discard, new_folder, read_json, read_regular, remove, write_whole

from .test_survival import bytes_of_tables


@pytest.fixture
def run(samples, here):
    assert here("--numbers", 2) == 0
    return samples.folder()


def harm(path, kind):
    remove(path)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "circle":
        path.symlink_to(path.name)
    elif kind == "nested":
        path.write_text("[" * 10_000 + "]" * 10_000)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "circle", "nested"])
@pytest.mark.parametrize("name", ["cell.json", "results.parquet", "."])
def test_cells_are_computed_again(run, samples, here, name, kind):
    before = bytes_of_tables(run)
    cell = sorted((run / "cells").iterdir())[0]
    harm(cell / name if name != "." else cell, kind)
    assert here("--numbers", 2) == 0
    assert bytes_of_tables(run) == before
    assert len(samples.computed()) == 3
    assert {path.name for path in cell.iterdir()} >= {"cell.json", "results.parquet"}


@pytest.mark.parametrize("name", ["results.parquet", "manifest.json", "report.html"])
def test_a_folder_in_place_of_a_file_is_to_be_removed(run, here, capsys, name):
    harm(run / name, "folder")
    if name == "report.html":
        (run / "manifest.json").unlink()  # a page of which nothing says that it is true is to go
    capsys.readouterr()
    assert here("--numbers", 2) == 4
    errors = capsys.readouterr().err.splitlines()[-1]
    assert errors.startswith(f"error: {run / name}: expected a file that can be written")
    assert errors.endswith("a folder stands where a file is needed, remove it")
    remove(run / name)
    assert here("--numbers", 2) == 0


@pytest.mark.parametrize("kind", ["pipe", "device", "circle", "nested"])
@pytest.mark.parametrize("name", ["results.parquet", "manifest.json", "figures", "cells.previous", ".lock"])
def test_what_is_no_folder_gives_way(run, here, name, kind):
    before = bytes_of_tables(run)
    if (name, kind) in ((".lock", "circle"), (".lock", "device")):
        pytest.skip("a lock is no place for links: refused")
    harm(run / name, kind)
    assert here("--numbers", 2) == 0
    assert bytes_of_tables(run) == before


def test_what_never_ends_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"")
    os.truncate(tmp_path / "large", 2**40)
    for path in (tmp_path / "pipe", tmp_path / "large", tmp_path, "/dev/zero", tmp_path / "none"):
        with pytest.raises(OSError, match=r".+"):
            read_regular(path)


@pytest.mark.parametrize("text", ["NaN", "1e999", '"\\ud800"', "[" * 99 + "]" * 99, "[" * 10**6, "{", "\x00"])
def test_json_that_is_none_of_ours(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=r".+"):
        read_json(tmp_path / "a.json")


def test_json_that_is_ours(tmp_path):
    depth = MOST_LEVELS - 1
    (tmp_path / "a.json").write_text("[" * depth + '"\u00e9"' + "]" * depth)
    assert str(read_json(tmp_path / "a.json")) == "[" * depth + "'\u00e9'" + "]" * depth


def drawn_in_part(place):
    with new_folder(place) as folder:
        (folder / "three.txt").write_text("three")
        raise ZeroDivisionError


def test_a_new_folder_takes_its_place_at_once_or_not_at_all(tmp_path):
    place = tmp_path / "figures"
    for content in ("one", "two"):
        with new_folder(place) as folder:
            (folder / f"{content}.txt").write_text(content)
            assert [path.name for path in place.glob("*")] == ([] if content == "one" else ["one.txt"])
    assert [path.name for path in place.iterdir()] == ["two.txt"]
    with pytest.raises(ZeroDivisionError):
        drawn_in_part(place)
    with new_folder(place, keep_others=True) as folder:
        (folder / "four.txt").write_text("four")
    assert sorted(path.name for path in place.iterdir()) == ["four.txt", "two.txt"]
    discard(place)
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_goes_with_the_next_writing(tmp_path):
    dead, alive, other = (tmp_path / f".page.html.tmp-{number}" for number in (2**22 + 1, os.getppid(), "mine"))
    for path in (dead, alive, other):
        path.write_text("half")
    write_whole(tmp_path / "page.html", b"whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([alive.name, other.name, "page.html"])


def test_folders_too_deep_to_remove_are_named(tmp_path):
    here = tmp_path
    fd = os.open(here, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=fd)
        inner = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = inner
    os.close(fd)
    from continuum.storage import storing

    with pytest.raises(StorageError, match="nested too deep to remove'; remove it"), storing(tmp_path):
        remove(tmp_path / "d")
    os.system(f"rm -rf {tmp_path / 'd'}")


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_page_takes_no_place_of_a_device(run, tmp_path, kind):
    place = tmp_path / "null"
    harm(place, kind)
    with pytest.raises(BadInput, match="which is a device or a pipe"):
        write(run, place)
    assert not place.is_file()


def test_a_device_is_not_replaced(tmp_path):
    try:
        os.mknod(tmp_path / "null", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    except OSError:
        pytest.skip("only root makes devices")
    with pytest.raises(OSError, match="A device"):
        write_whole(tmp_path / "null", b"content")
