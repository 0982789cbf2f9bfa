"""What README and the guides promise is there, and what is there is promised."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lakeproof.evidence.verdicts import ExitCode, Verdict

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?://)([^)#]+)\)")
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+)")


def help_of(*command: str) -> str:
    """What a command prints for --help."""
    return subprocess.run(
        [sys.executable, "-m", *command, "--help"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout


def table_of(heading: str) -> str:
    """The text under a heading of the README, up to the next heading."""
    found = re.search(rf"^#+ {heading}\n(.*?)(?=^#+ |\Z)", README, re.S | re.M)
    assert found, f"README has no heading {heading!r}"
    return found[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page leads to a file or folder of the repository."""
    broken = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert not broken


def test_make_targets() -> None:
    """The make targets that README names are those of the Makefile."""
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert phony
    assert set(re.findall(r"`make ([a-z-]+)`", README)) == set(phony[1].split())


def test_sign_off_options() -> None:
    """The options that README's table names are those that the sign-off adds to pytest."""
    ours = re.search(r"^lakeproof.*?:\n(.*?)\n\n", help_of("pytest"), re.S | re.M)
    assert ours, "pytest --help has no group of options of ours"
    assert set(OPTION.findall(ours[1])) == set(re.findall(r"^\| `(--[a-z-]+)", table_of("Running it"), re.M))


def test_exit_codes() -> None:
    """README's table of exit codes and the code's list are the same."""
    named = {
        int(code) for row in re.findall(r"^\| ([\d, ]+) \|", table_of("Exit codes"), re.M) for code in row.split(", ")
    }
    assert named == {int(code) for code in ExitCode}


def test_verdicts() -> None:
    """README names every verdict."""
    assert set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)*\b", table_of("Verdicts and tags").split("are kept")[0])) == set(
        Verdict
    )


def test_tags() -> None:
    """The tags that README explains are exactly those that features may use."""
    explained = set(re.findall(r"`@([a-z_]+)", table_of("Verdicts and tags")))
    markers = subprocess.run(
        [sys.executable, "-m", "pytest", "--markers"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    known = set(
        re.findall(r"^@pytest\.mark\.(audit|aws_only|local_only|control|weakness|rows)\b", markers.stdout, re.M)
    ) | {"severity"}
    assert explained == known


def test_tags_in_use_are_explained() -> None:
    """Every tag in a feature file is one that README explains."""
    explained = set(re.findall(r"`@([a-z_]+)", table_of("Verdicts and tags")))
    used = {
        tag
        for file in (ROOT / "features").rglob("*.feature")
        for tag in re.findall(r"@([a-z_]+)", file.read_text(encoding="utf-8"))
    }
    assert used <= explained


SHOWN = re.compile(r"^\$ \.venv/bin/lakeproof (.*?)(?:\s+#.*)?$", re.M)
WITH_VERBS = ("plan", "evidence")


@pytest.mark.parametrize("line", dict.fromkeys(x for page in PAGES for x in SHOWN.findall(page.read_text("utf-8"))))
def test_commands_exist(line: str) -> None:
    """Every lakeproof command that a page shows is understood: its words and options stand in the command's help."""
    words = line.split(" > ")[0].split()
    plain = [word for word in words if not word.startswith("-")][:2]
    command = plain if plain[0] in WITH_VERBS else plain[:1]
    text = help_of("lakeproof", *command)
    assert set(OPTION.findall(line)) <= set(OPTION.findall(text))


def test_feature_folders() -> None:
    """README names every folder of features."""
    assert {f"features/{folder.name}" for folder in (ROOT / "features").iterdir() if folder.is_dir()} == set(
        re.findall(r"\((features/[a-z]+)\)", README)
    )


def test_the_project_speaks_of_itself_only() -> None:
    """No tracked text names a folder beside the checkout or a machine's own paths."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    texts = [
        ROOT / name for name in tracked if Path(name).suffix in {".py", ".md", ".yaml", ".toml", ".feature", ".ini"}
    ]
    absolute = r"(?<![\w.])"  # features/work/ is a folder of ours
    machine = re.compile("|".join((r"\.\./" + "shared", absolute + "/work" + "/", absolute + "/root" + "/")))
    assert not [str(path) for path in texts if path.exists() and machine.search(path.read_text(encoding="utf-8"))]
