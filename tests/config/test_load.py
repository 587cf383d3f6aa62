"""Three layers of settings, and what each mistake in them is told as."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from config.errors import SettingsError
from config.load import DEFAULT, load
from config.model import Settings

Place = Callable[[str], Path]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    def write(text: str) -> Path:
        path = tmp_path / "hotline.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def told(path: Path, environ: dict[str, str] | None = None) -> list[str]:
    """The mistakes without the file's name in front."""
    with pytest.raises(SettingsError) as caught:
        load(path, environ or {})
    return [str(mistake).removeprefix(f"{path}: ") for mistake in caught.value.mistakes]


class TestLayers:
    def test_shipped_settings_hold_no_mistake(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        settings = load(environ={})
        assert settings.source == DEFAULT
        assert settings.var == tmp_path / "var"
        assert settings.line("main").queue_for("1") == "business"
        assert settings.line("main").queue_for("0") == "general"
        assert settings.line("main").queue_for("5") is None

    def test_shipped_lists_name_no_entry_twice(self) -> None:
        shipped = tomllib.loads(DEFAULT.read_text(encoding="utf-8"))
        for table, key in [("trunks", "name"), ("lines", "name"), ("queues", "name")]:
            names = [entry[key] for entry in shipped[table]]
            assert len(names) == len(set(names))
        for choices in shipped["tickets"].values():
            codes = [entry["code"] for entry in choices]
            assert len(codes) == len(set(codes))

    def test_file_in_working_directory_is_found(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = place("[console]\nport = 9001\n")
        monkeypatch.chdir(path.parent)
        settings = load(environ={})
        assert (settings.console.listen.port, settings.source) == (9001, path)

    def test_environment_names_the_file(
        self,
        place: Place,
        tmp_path_factory: pytest.TempPathFactory,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        path = place('[hotline]\nvar = "state"\n')
        monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
        settings = load(environ={"HOTLINE_CONFIG": str(path)})
        assert settings.var == path.parent / "state"

    def test_entry_of_same_name_overrides_and_new_one_is_added(self, place: Place) -> None:
        settings = load(
            place(
                """
                [[queues]]
                name = "business"
                ring_s = 20
                [[queues]]
                name = "tax"
                label = "税务"
                [[lines]]
                name = "main"
                [[lines.keys]]
                key = "3"
                queue = "tax"
                label = "税务服务"
                """
            ),
            {},
        )
        assert [queue.name for queue in settings.queues] == ["business", "general", "tax"]
        assert settings.queue("business").ring_s == 20.0
        assert settings.queue("business").label == "优化营商环境专线"
        assert settings.queue("tax").strategy == "longest_idle"
        assert [key.key for key in settings.line("main").keys] == ["1", "2", "3"]

    def test_entry_is_taken_away_by_remove(self, place: Place) -> None:
        settings = load(
            place(
                """
                [[trunks]]
                name = "local"
                remove = true
                [[trunks]]
                name = "telecom"
                addresses = ["203.0.113.7", "10.1.0.0/16", "pbx.example.cn:5080"]
                """
            ),
            {},
        )
        assert [trunk.name for trunk in settings.trunks] == ["telecom"]
        assert settings.trunks[0].codecs == ("alaw", "ulaw")

    def test_plain_list_is_replaced_as_a_whole(self, place: Place) -> None:
        settings = load(place('[[lines]]\nname = "main"\nnumbers = ["96345"]\n'), {})
        assert settings.line("main").numbers == ("96345",)
        assert settings.line_of("96345") is settings.line("main")
        assert settings.line_of("12345") is None

    @pytest.mark.parametrize(
        ("variable", "text", "read", "expected"),
        [
            ("HOTLINE_CONSOLE_PORT", "8081", lambda s: s.console.listen.port, 8081),
            ("HOTLINE_CONSOLE_DEMO", "off", lambda s: s.console.demo, False),
            ("HOTLINE_ASTERISK_SIP_PORT", "5070", lambda s: s.asterisk.sip_port, 5070),
            ("HOTLINE_ASTERISK_MANAGED", "0", lambda s: s.asterisk.managed, False),
            ("HOTLINE_HOTLINE_ZONE", "Asia/Urumqi", lambda s: s.zone, "Asia/Urumqi"),
            ("HOTLINE_ZONE", "Asia/Urumqi", lambda s: s.zone, "Asia/Urumqi"),
            ("HOTLINE_RECORDING_MAX_MESSAGE_S", "90", lambda s: s.recording.max_message_s, 90.0),
            ("HOTLINE_RECORDING_FORMAT", "opus", lambda s: s.recording.format, "opus"),
            ("HOTLINE_ANNOUNCEMENTS_RATE", "150", lambda s: s.announcements.rate, 150),
            (
                "HOTLINE_CONSOLE_PUBLIC_ORIGINS",
                "https://a.example.cn, https://b.example.cn",
                lambda s: s.console.public_origins,
                ("https://a.example.cn", "https://b.example.cn"),
            ),
        ],
    )
    def test_environment_wins_over_the_file(
        self,
        place: Place,
        variable: str,
        text: str,
        read: Callable[[Settings], object],
        expected: object,
    ) -> None:
        path = place("[console]\nport = 9001\ndemo = true\n[announcements]\nrate = 170\n")
        assert read(load(path, {})) != expected
        assert read(load(path, {variable: text})) == expected

    def test_path_begins_where_it_was_written(
        self,
        place: Place,
        tmp_path_factory: pytest.TempPathFactory,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        path = place('[announcements]\nrecorded = "voices"\n')
        elsewhere = tmp_path_factory.mktemp("elsewhere")
        monkeypatch.chdir(elsewhere)
        settings = load(path, {"HOTLINE_VAR": "state"})
        assert settings.announcements.recorded == path.parent / "voices"
        assert settings.var == elsewhere / "state"

    def test_other_variables_are_left_alone(self, place: Place) -> None:
        load(place(""), {"HOTLINE_TEST_SPEED": "1", "PATH": "/bin", "HOTLINE_CONFIG": "x"})

    def test_hours_read_clock_and_dates_with_or_without_quotes(self, place: Place) -> None:
        settings = load(
            place(
                """
                [[hours]]
                name = "late"
                opens = 12:00:00
                closes = "24:00"
                weekdays = [7, 6]
                closed_on = [2026-12-31, "2026-10-01"]
                closed_queue = "general"
                """
            ),
            {},
        )
        late = settings.hours[-1]
        assert (late.opens, late.closes) == (dt.time(12), dt.time.max)
        assert late.weekdays == (6, 7)
        assert late.closed_on == (dt.date(2026, 10, 1), dt.date(2026, 12, 31))
        assert (late.closed_greeting, late.closed_queue) == ("closed", "general")


MISTAKES = [
    ("[console]\nprot = 1", 'console.prot: found an unknown key, expected "port"'),
    ("colour = 1", "colour: found an unknown key"),
    ("[console]\nport = '80'", 'console.port: found "80", expected a whole number from 1 to 65535'),
    ("[console]\nport = true", "console.port: found true"),
    ("[console]\nport = 70000", "console.port: found 70000"),
    ("[console]\nport.x = 1", "console.port: found a table"),
    ("console = 1", "console: found a value, expected a table [console]"),
    ("[console]\nhost = 'a b'", 'console.host: found "a b"'),
    ("[console]\nport = 5060", "asterisk.sip_port: found 5060, expected another port than console"),
    ("[asterisk]\nhttp_port = 8080", "asterisk.http_port: found 8080, expected another port"),
    ("[asterisk]\nhost = '0.0.0.0'\nhttp_port = 8080", "asterisk.http_port: found 8080"),
    ("[asterisk]\nsip_port = 20005", "asterisk.sip_port: found 20005, expected a port outside"),
    ("[asterisk]\nrtp_last = 20050", "asterisk.rtp_last: found 20050, expected a port at least 99"),
    ("[hotline]\nzone = 'Asia/Yulin'", 'hotline.zone: found "Asia/Yulin"'),
    ("[hotline]\nzone = '../x'", "hotline.zone: found"),
    ("[hotline]\nvar = ''", "hotline.var: found nothing"),
    ("[hotline]\ndatabase_url = 'mysql://x'", "hotline.database_url: found something hidden here"),
    ("[console]\npublic_origins = ['a']", 'console.public_origins: found "a"'),
    ("[console]\ntls_certificate = 'c.pem'", "console.tls_key: found nothing, expected the key of"),
    ("[console]\ntls_key = 'k.pem'", "console.tls_certificate: found nothing"),
    ("[recording]\nformat = 'mp3'", 'recording.format: found "mp3", expected one of flac, opus'),
    ("[recording]\nmax_message_s = nan", "recording.max_message_s: found nan"),
    ("[recording]\nkeep_days = 0", "recording.keep_days: found 0"),
    ("[announcements]\nrate = 20", "announcements.rate: found 20"),
    ("[announcements]\nvoice = 'a;b'", 'announcements.voice: found "a;b"'),
    ("[announcements]\nrecorded = ''", "announcements.recorded: found nothing"),
    ("[announcements.texts]\nmenu = ''", "announcements.texts.menu: found no text"),
    ("[announcements.texts]\nmenu = 1", "announcements.texts.menu: found 1"),
    ("[announcements.texts]\n'Ünü' = 'x'", 'announcements.texts."Ünü"'),
    ("[[queues]]\nname = 'business'\nring_s = -1", 'queues["business"].ring_s: found -1'),
    ("[[queues]]\nname = 'business'\nstrategy = 'x'", 'queues["business"].strategy: found "x"'),
    ("[[queues]]\nname = 'business'\ncallback_key = 'a'", 'queues["business"].callback_key'),
    ("[[queues]]\nname = 'business'\noverflow_to = 'gen'", "a queue (general)"),
    ("[[queues]]\nname = 'x'", 'queues["x"].label: found nothing, expected a line of text'),
    ("[[queues]]\nname = 'Å'\nlabel = 'x'", 'queues["Å"].name: found "Å", expected a name'),
    ("[[queues]]\nlabel = 'x'", "queues[3].name: found nothing"),
    ("[[queues]]\nname = 'gone'\nremove = true", 'queues["gone"]: found remove = true'),
    ("queues = []", "queues: found 0 entries, expected at least 1"),
    ("queues = 'x'", 'queues: found "x", expected a list of tables [[queues]]'),
    (
        "[[queues]]\nname = 'general'\noverflow_to = 'business'",
        'queues["general"].overflow_to: found a loop general > business > general',
    ),
    (
        "[[queues]]\nname = 'general'\noverflow_to = 'general'",
        'queues["general"].overflow_to: found a loop general > general',
    ),
    (
        "[[queues]]\nname = 'general'\n[[queues]]\nname = 'general'",
        'queues["general"]: found the name a second time',
    ),
    ("[[lines]]\nname = 'main'\nhours = 'offic'", 'lines["main"].hours: found "offic"'),
    ("[[lines]]\nname = 'main'\nmenu = 'manu'", "an announcement (menu)"),
    ("[[lines]]\nname = 'main'\nsilence_queue = 'x'", 'lines["main"].silence_queue: found "x"'),
    ("[[lines]]\nname = 'main'\noperator_key = '1'", 'lines["main"].operator_key: found "1"'),
    ("[[lines]]\nname = 'main'\ntries = 0", 'lines["main"].tries: found 0'),
    ("[[lines]]\nname = 'main'\nnumbers = []", 'lines["main"].numbers: found an empty list'),
    ("[[lines]]\nname = 'main'\nnumbers = [12345]", 'lines["main"].numbers: found 12345'),
    ("[[lines]]\nname = 'main'\nnumbers = ['12', '12']", 'lines["main"].numbers: found "12" twice'),
    (
        "[[lines]]\nname = 'main'\n[[lines.keys]]\nkey = '12'\nqueue = 'general'\nlabel = 'x'",
        'lines["main"].keys["12"].key: found "12", expected one key of a telephone',
    ),
    (
        "[[lines]]\nname = 'main'\n[[lines.keys]]\nkey = '1'\nqueue = 'busines'",
        'lines["main"].keys["1"].queue: found "busines", expected the name of a queue (business)',
    ),
    (
        (
            "[[lines]]\nname='b'\nlabel='b'\nnumbers=['12345']\ngreeting='greeting'\nmenu='menu'\n"
            "silence_queue='general'\n[[lines.keys]]\nkey='1'\nqueue='general'\nlabel='b'"
        ),
        'lines["b"].numbers: found "12345", expected a number not yet of the line main',
    ),
    (
        (
            "[[lines]]\nname='b'\nlabel='b'\nnumbers=['96345']\ngreeting='greeting'\nmenu='menu'\n"
            "silence_queue='general'\n[[lines.keys]]\nkey='1'\nqueue='general'\nlabel='b'\n"
            "[[lines.keys]]\nkey='1'\nqueue='general'\nlabel='b'"
        ),
        'lines["b"].keys: found the key "1" 2 times',
    ),
    ("[[hours]]\nname = 'office'\nopens = '25:00'", 'hours["office"].opens: found "25:00"'),
    ("[[hours]]\nname = 'office'\nopens = '18:00'", "expected a time after 18:00"),
    ("[[hours]]\nname = 'office'\nweekdays = [8]", 'hours["office"].weekdays: found 8'),
    ("[[hours]]\nname = 'office'\nclosed_on = ['2026-02-30']", 'found "2026-02-30"'),
    ("[[hours]]\nname = 'office'\nclosed_queue = 'x'", 'hours["office"].closed_queue: found "x"'),
    ("[[trunks]]\nname = 'local'\naddresses = []", "found neither addresses nor register_to"),
    ("[[trunks]]\nname = 'local'\naddresses = ['a b']", 'trunks["local"].addresses: found "a b"'),
    ("[[trunks]]\nname = 'local'\ncodecs = ['g729']", 'trunks["local"].codecs: found "g729"'),
    ("[[trunks]]\nname = 'local'\ncodecs = []", 'trunks["local"].codecs: found an empty list'),
    ("[[trunks]]\nname = 'local'\nregister_to = 'x'", 'trunks["local"].username: found nothing'),
    ("[[trunks]]\nname = 'local'\narea_code = '775'", 'trunks["local"].area_code: found "775"'),
    ("[[trunks]]\nname = 'local'\ncountry_code = '+86'", 'trunks["local"].country_code'),
    (
        "[[tickets.dispositions]]\ncode = 'answered'\nstate = 'merged'",
        'tickets.dispositions["answered"].state: found "merged", expected one of closed',
    ),
    (
        "[[tickets.dispositions]]\ncode = 'answered'\ncloses = false",
        'tickets.dispositions["answered"].state: found "closed", expected to_dispatch',
    ),
    ("[seats]\npause_reasons = []", "seats.pause_reasons: found 0 entries, expected at least 1"),
    ("[console]\nwall_key = 'short'", "console.wall_key: found something hidden here"),
    ("[staffing]\ntarget = 1.0", "staffing.target: found 1.0, expected a share from 0.5 to 0.999"),
    ("[staffing]\ninterval_minutes = 25", "staffing.interval_minutes: found 25, expected a part"),
    ("[staffing]\npick_up_s = 16", "staffing.pick_up_s: found 16, expected at most within_s"),
    (
        "[[staffing.rules]]\nname = 'busines'\nlenders = ['general']",
        'staffing.rules["busines"].name: found "busines", expected the name of a queue (business)',
    ),
    (
        "[[staffing.rules]]\nname = 'general'\nlenders = ['tax']",
        'staffing.rules["general"].lenders: found "tax", expected names of queues',
    ),
    (
        "[[staffing.rules]]\nname = 'business'\nlenders = ['business']",
        'staffing.rules["business"].lenders: found "business", expected other queues',
    ),
    ("[alarms]\nwaiting_red = 2", "alarms.waiting_red: found 2, expected a limit beyond that of"),
    ("[alarms]\nconnect_rate_red = 0.99", "alarms.connect_rate_red: found 0.99, expected a limit"),
    ("[alarms]\nlongest_wait_red_s = 5", "alarms.longest_wait_red_s: found 5, expected a limit"),
]


class TestMistakes:
    @pytest.mark.parametrize(("text", "expected"), MISTAKES)
    def test_mistake_is_told_once_with_its_key(
        self, place: Place, text: str, expected: str
    ) -> None:
        messages = told(place(text))
        assert any(expected in message for message in messages), messages
        assert len(messages) == len(set(messages))

    @pytest.mark.parametrize(("text", "expected"), [m for m in MISTAKES if "queues" not in m[0]])
    def test_one_slip_makes_one_message(self, place: Place, text: str, expected: str) -> None:
        assert len(told(place(text))) == 1, expected

    def test_all_mistakes_come_at_once(self, place: Place) -> None:
        messages = told(
            place("[console]\nport = 0\nhost = 1\n[recording]\nformat = 'mp3'\n"),
            {"HOTLINE_ASTERISK_SIP_PORT": "x"},
        )
        assert len(messages) == 4

    def test_each_message_is_one_line_naming_the_file(self, place: Place) -> None:
        path = place("[console]\nhost = '''a\nb'''\n\"od\\nd\" = 1\n")
        with pytest.raises(SettingsError) as caught:
            load(path, {})
        lines = str(caught.value).split("\n")
        assert len(lines) == 2
        assert all(line.startswith(f"{path}: console.") for line in lines)

    def test_syntax_error_tells_line(self, place: Place) -> None:
        (message,) = told(place("[console]\nport = \n"))
        assert "line 2" in message

    @pytest.mark.parametrize("content", [b"\xff\xfe", b"a = " + b"[" * 5000, b"a = 1\na = 2"])
    def test_unreadable_file_is_one_mistake(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "hotline.toml"
        path.write_bytes(content)
        (message,) = told(path)
        assert "expected a readable TOML file" in message

    @pytest.mark.parametrize("name", ["missing.toml", "."])
    def test_file_that_is_none_is_one_mistake(self, tmp_path: Path, name: str) -> None:
        (message,) = told(tmp_path / name)
        assert "expected a readable TOML file" in message

    @pytest.mark.parametrize(
        ("variable", "expected"),
        [
            ("HOTLINE_CONSOLE_PROT", "expected HOTLINE_CONSOLE_PORT"),
            ("HOTLINE_CONSOL_PORT", "expected HOTLINE_CONSOLE_PORT"),
            ("HOTLINE_CONSOLE_XYZ", "expected a key of [console]"),
        ],
    )
    def test_variable_nearly_right_is_told(
        self, place: Place, variable: str, expected: str
    ) -> None:
        (message,) = told(place(""), {variable: "1"})
        assert message.startswith(f"environment: {variable}: ")
        assert expected in message

    def test_mistake_from_the_environment_names_the_variable(self, place: Place) -> None:
        (message,) = told(place(""), {"HOTLINE_CONSOLE_PORT": "x"})
        assert message.startswith('environment HOTLINE_CONSOLE_PORT: console.port: found "x"')

    def test_no_password_is_ever_shown(self, place: Place) -> None:
        path = place(
            """
            [hotline]
            database_url = "mysql://me:geheim-1@db/x"
            [console]
            public_origins = ["https://me:geheim-1@db"]
            [asterisk]
            password = "geheim-1\\u0007"
            [[trunks]]
            name = "local"
            password = ["geheim-1"]
            register_to = "sip:me:geheim-1@registrar.example.cn"
            """
        )
        messages = told(path)
        assert len(messages) == 5
        assert "geheim" not in "".join(messages)

    def test_settings_show_no_password(self, place: Place) -> None:
        settings = load(
            place(
                "[hotline]\ndatabase_url = 'postgresql://me:geheim@db/x'\n"
                "[asterisk]\npassword = 'geheim'\n"
                "[[trunks]]\nname = 'local'\npassword = 'geheim'\n"
            ),
            {},
        )
        assert settings.trunks[0].password == settings.asterisk.password == "geheim"
        assert "geheim" not in repr(settings)

    def test_recorded_announcement_needs_no_text(self, place: Place) -> None:
        path = place("[announcements.texts]\nmenu = ''\n[[lines]]\nname='main'\ngreeting='mayor'\n")
        assert len(told(path)) == 2
        (path.parent / "announcements").mkdir()
        for name in ("menu", "mayor"):
            (path.parent / "announcements" / f"{name}.wav").touch()
        assert load(path, {}).line("main").greeting == "mayor"
