"""The command line: mistakes in the settings stop everything, each in one line."""

from pathlib import Path

import pytest

from hotline.cli import INTERRUPTED, USAGE, main


def test_every_mistake_is_one_line_and_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOTLINE_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("HOTLINE_CONSOLE_PORT", "many")
    monkeypatch.setenv("HOTLINE_ASTERISK_SIP_PORT", "70000")
    assert main(["run"]) == USAGE
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("  ✗")]
    assert len(lines) == 2
    assert any("HOTLINE_CONSOLE_PORT" in line and '"many"' in line for line in lines)
    assert any("HOTLINE_ASTERISK_SIP_PORT" in line and "70000" in line for line in lines)
    assert not (tmp_path / "var").exists()


def test_settings_without_mistakes_are_said_to_be_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-settings"]) == 0
    assert "no mistakes" in capsys.readouterr().out


def test_a_failed_step_says_what_to_do_and_shows_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "something").touch()
    monkeypatch.setenv("HOTLINE_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("HOTLINE_ASTERISK_HOME", str(tmp_path / "empty"))
    assert main(["asterisk", "get"]) == 1
    said = capsys.readouterr().err
    assert "Asterisk failed" in said
    assert "What to do:" in said
    assert "Traceback" not in said


def test_an_interrupt_is_no_failure_with_a_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("hotline.commands.check_settings", interrupted)
    assert main(["check-settings"]) == INTERRUPTED
    assert "interrupted" in capsys.readouterr().err


def test_an_unknown_word_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["dance"])
    assert caught.value.code == USAGE
    assert "invalid choice" in capsys.readouterr().err
