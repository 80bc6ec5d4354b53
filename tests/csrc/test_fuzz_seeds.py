"""The committed seeds of the fuzzers are those that the script makes, and what was once found."""

from csrc.fuzz.seeds import CORPUS, seeds


def test_seeds_are_what_the_script_makes():
    made = seeds()
    there = {
        path.relative_to(CORPUS).as_posix(): path.read_bytes()
        for path in CORPUS.rglob("*")
        if path.is_file() and not path.name.startswith("found-")
    }
    assert made.keys() == there.keys()
    assert made == there
