"""Keys: found, made once with mode 0600, and never shown."""

import stat
from pathlib import Path

import pytest

from streams.publisher.keys import KeyRing
from topics.errors import KeyMissing


def ring(folder: Path, *, generate: bool = False, **environment: str) -> KeyRing:
    return KeyRing(folder / "keys", generate, environment)


def test_made_on_first_use_readable_by_the_owner_alone(tmp_path: Path) -> None:
    keys = ring(tmp_path, generate=True)
    made = keys.linkage(), keys.department("hrss")
    assert [len(key) for key in made] == [32, 64]
    assert (keys.linkage(), keys.department("hrss")) == made
    files = list((tmp_path / "keys").iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert len(files) == 2


def test_never_made_unless_asked(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing) as caught:
        ring(tmp_path).linkage()
    assert "CROSSCHECK_LINKAGE_KEY" in caught.value.remedy
    assert not (tmp_path / "keys").exists()


def test_made_names_only_what_was_missing_and_keeps_the_rest(tmp_path: Path) -> None:
    keys = ring(tmp_path, generate=True)
    assert keys.made(["hrss"]) == ["linkage-1", "hrss"]
    before = keys.department("hrss")
    assert keys.made(["hrss", "tax"]) == ["tax"]
    assert keys.department("hrss") == before


def test_the_environment_comes_first(tmp_path: Path) -> None:
    ring(tmp_path, generate=True).made(["hrss"])
    keys = ring(tmp_path, CROSSCHECK_LINKAGE_KEY="ab" * 32, CROSSCHECK_KEY_HRSS=" " + "cd" * 64 + "\n")
    assert keys.linkage() == b"\xab" * 32
    assert keys.department("hrss") == b"\xcd" * 64
    assert keys.holds("hrss")
    assert not keys.holds("tax")


def test_departments_and_folders_have_different_keys(tmp_path: Path) -> None:
    here, there = ring(tmp_path / "a", generate=True), ring(tmp_path / "b", generate=True)
    assert len({here.department("hrss"), here.department("tax"), there.department("hrss")}) == 3
    assert here.linkage() != there.linkage()


@pytest.mark.parametrize("text", ["", "zz" * 32, "ab" * 31, "ab" * 33, "ab" * 32 + "!", "钥匙"])
def test_a_bad_key_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "linkage-1.key").write_text(text, encoding="utf-8")
    for keys in (ring(tmp_path), ring(tmp_path, CROSSCHECK_LINKAGE_KEY=text)):
        with pytest.raises(KeyMissing) as caught:
            keys.linkage()
        assert not text or text not in str(caught.value)
        assert "64 hexadecimal" in caught.value.remedy


def test_a_binary_key_file_is_refused_and_not_shown(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "linkage-1.key").write_bytes(bytes(range(128, 160)))
    with pytest.raises(KeyMissing):
        ring(tmp_path).linkage()


def test_a_key_is_not_in_the_ring_s_own_words(tmp_path: Path) -> None:
    keys = ring(tmp_path, CROSSCHECK_LINKAGE_KEY="ab" * 32)
    assert "abab" not in repr(keys)
