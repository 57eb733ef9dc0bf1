"""Settings: where each value comes from, and that nothing misspelt passes."""

from __future__ import annotations

import pytest

from provenance import Workspace
from provenance.errors import ConfigError, ErrorCode
from provenance.imaging import ImageFormat
from provenance.watermark import catalog

DEFAULTS = ("# scheme", "# format", "# model", "# accounts_days", "# access_log_days")


@pytest.fixture
def made(tmp_path):
    return Workspace.create(tmp_path / "workspace", system_name="acme-images", system_id=7)


def opened(made, text="", **environment):
    """The workspace with more in its config.toml, and these variables."""
    config = made.path / "config.toml"
    config.write_text(config.read_text("utf-8") + text, "utf-8")
    return Workspace.open(made.path, environment)


def refused(made, text="", **environment):
    with pytest.raises(ConfigError) as caught:
        opened(made, text, **environment)
    assert caught.value.code is ErrorCode.CONFIG
    return str(caught.value)


def in_section(made, section, line):
    """The workspace with one line added to a section of its config.toml."""
    config = made.path / "config.toml"
    text = config.read_text("utf-8").replace(f"[{section}]", f"[{section}]\n{line}")
    config.write_text(text, "utf-8")
    return made


def origins(workspace):
    return {key: origin for key, _, origin in workspace.loaded.listing()}


def values(workspace):
    return {key: value for key, value, _ in workspace.loaded.listing()}


def test_a_new_workspace_has_defaults_and_knows_who_it_is(made):
    assert values(made)["system.id"] == 7
    assert values(made)["stamp.scheme"] == catalog.DEFAULT
    assert origins(made)["system.id"] == "config.toml"
    assert origins(made)["stamp.scheme"] == "default"


def test_every_setting_is_listed(made):
    listed = set(values(made))
    for section in ("system", "stamp", "verify", "retention"):
        for key in type(getattr(made.settings, section)).model_fields:
            assert f"{section}.{key}" in listed


def test_the_commented_lines_of_a_new_file_are_the_defaults(made):
    before = made.settings
    config = made.path / "config.toml"
    text = config.read_text("utf-8")
    lines = [
        line.removeprefix("# ") if line.startswith(DEFAULTS) else line for line in text.splitlines()
    ]
    assert lines != text.splitlines()
    config.write_text("\n".join(lines), "utf-8")
    assert Workspace.open(made.path, {}).settings == before


def test_the_file_overrides_the_default(made):
    again = opened(in_section(made, "stamp", 'model = "from the file"'))
    assert again.settings.stamp.model == "from the file"
    assert origins(again)["stamp.model"] == "config.toml"


def test_a_variable_overrides_the_file(made):
    in_section(made, "stamp", 'model = "from the file"')
    again = opened(made, PROVENANCE_STAMP_MODEL="from the variable")
    assert again.settings.stamp.model == "from the variable"
    assert origins(again)["stamp.model"] == "PROVENANCE_STAMP_MODEL"


def test_a_list_in_a_variable_is_separated_by_commas(made):
    again = opened(
        made,
        PROVENANCE_VERIFY_FORMATS="png,tiff",
        PROVENANCE_VERIFY_SCHEMES=",".join(catalog.names()),
    )
    assert again.settings.verify.formats == {ImageFormat.PNG, ImageFormat.TIFF}
    assert again.settings.verify.schemes == catalog.names()


def test_an_empty_list_is_empty(made):
    assert opened(made, PROVENANCE_VERIFY_TRUST_LISTS="").settings.verify.trust_lists == ()


def test_a_number_in_a_variable_is_a_number(made):
    assert opened(made, PROVENANCE_STAMP_QUALITY="80").settings.stamp.quality == 80


def test_the_variable_that_names_the_workspace_is_no_setting(made):
    assert opened(made, PROVENANCE_WORKSPACE="/elsewhere").path == made.path


@pytest.mark.parametrize("name", ["ACCOUNT", "LANG", "OPERATOR"])
def test_the_variables_of_options_are_no_settings(made, name):
    assert opened(made, **{f"PROVENANCE_{name}": "anything"}).settings == made.settings


def test_what_is_personal_is_kept_for_a_year_unless_the_file_says_otherwise(made):
    assert values(made)["retention.accounts_days"] == 365
    assert values(made)["retention.access_log_days"] == 365
    again = opened(in_section(made, "retention", "accounts_days = 0"))
    assert again.settings.retention.accounts_days == 0
    assert again.settings.retention.access_log_days == 365


@pytest.mark.parametrize("key", ["ACCOUNTS_DAYS", "ACCESS_LOG_DAYS"])
def test_retention_cannot_be_changed_by_a_variable(made, key):
    with pytest.raises(ConfigError, match=f"PROVENANCE_RETENTION_{key}"):
        opened(made, **{f"PROVENANCE_RETENTION_{key}": "1"})


def test_the_environment_of_the_process_is_used_by_default(made, monkeypatch):
    monkeypatch.setenv("PROVENANCE_STAMP_MODEL", "from the process")
    assert Workspace.open(made.path).settings.stamp.model == "from the process"
    assert Workspace.open(made.path, {}).settings.stamp.model != "from the process"


# --- refusals -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "line"), [("stamp", 'shceme = "x"'), ("verify", "x = 1"), ("system", "x = 1")]
)
def test_an_unknown_key_is_refused_by_name(made, section, line):
    message = refused(in_section(made, section, line))
    assert f"{section}.{line.split()[0]}" in message


@pytest.mark.parametrize("text", ["[stampp]\nformat = 'png'\n", "[extra]\n"])
def test_an_unknown_section_is_refused(made, text):
    assert text[1:5] in refused(made, text)


@pytest.mark.parametrize(
    "variable", ["PROVENANCE_STAMP_SHCEME", "PROVENANCE_VERIFY_", "PROVENANCE_STAMP"]
)
def test_an_unknown_variable_is_refused_and_the_known_ones_listed(made, variable):
    message = refused(made, **{variable: "x"})
    assert variable in message
    section = variable.split("_")[1]
    assert f"PROVENANCE_{section}_SCHEME" in message


def test_a_variable_with_a_misspelt_section_is_refused(made):
    refused(made, PROVENANCE_VERFIY_FORMATS="png")


@pytest.mark.parametrize("name", ["ID", "NAME", "EPOCH"])
def test_who_the_system_is_cannot_be_changed_by_a_variable(made, name):
    with pytest.raises(ConfigError, match=f"PROVENANCE_SYSTEM_{name}"):
        opened(made, **{f"PROVENANCE_SYSTEM_{name}": "9"})


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("stamp", "model = 5"),
        ("stamp", 'quality = "high"'),
        ("stamp", "quality = 0"),
        ("stamp", "quality = 101"),
        ("stamp", 'formats = "png"'),
        ("verify", 'formats = ["bmp"]'),
        ("verify", "schemes = [1]"),
        ("retention", "accounts_days = -1"),
        ("retention", "access_log_days = 36501"),
        ("retention", 'accounts_days = "for ever"'),
    ],
)
def test_a_value_of_another_kind_is_refused_by_name(made, section, line):
    assert f"{section}.{line.split()[0]}" in refused(in_section(made, section, line))


def test_a_bad_variable_is_named_as_the_origin(made):
    message = refused(made, PROVENANCE_STAMP_QUALITY="high")
    assert "PROVENANCE_STAMP_QUALITY" in message
    assert "stamp.quality" in message


@pytest.mark.parametrize("line", ['scheme = "no-such-scheme"', 'format = "bmp"'])
def test_a_value_that_nothing_can_use_is_refused(made, line):
    refused(in_section(made, "stamp", line))


@pytest.mark.parametrize(
    "content",
    [b"", b"not = [toml", b"\xff\xfe", b"schema_version = 2\n", b"stamp = 3\n"],
    ids=["empty", "no TOML", "no UTF-8", "a later schema", "no table"],
)
def test_a_file_that_is_no_configuration_is_refused(made, content):
    (made.path / "config.toml").write_bytes(content)
    with pytest.raises(ConfigError):
        Workspace.open(made.path, {"PROVENANCE_STAMP_MODEL": "x"})


def test_a_later_schema_is_refused_by_name(made):
    config = made.path / "config.toml"
    config.write_text(config.read_text().replace("schema_version = 1", "schema_version = 2"))
    assert "schema_version" in refused(made)


def test_a_directory_in_the_place_of_the_file_is_our_error(made):
    (made.path / "config.toml").unlink()
    (made.path / "config.toml").mkdir()
    with pytest.raises(ConfigError, match="cannot read"):
        Workspace.open(made.path, {})


def test_settings_do_not_change(made):
    with pytest.raises(ValueError, match="frozen"):
        made.settings.stamp.model = "another"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://me:secret@host/db", "no password"),
        ("mysql://me@host/secret", "cannot lie in"),
        ("registry.sqlite3", "no address"),
    ],
)
def test_a_registry_that_cannot_be_used_is_refused_and_no_secret_repeated(made, url, said):
    for message in (
        refused(made, PROVENANCE_REGISTRY_URL=url),
        refused(in_section(made, "registry", f'url = "{url}"')),
    ):
        assert "registry.url" in message
        assert said in message
        assert "secret" not in message


def test_the_registry_is_a_file_of_the_workspace_unless_it_is_said_where(made):
    assert made.store().name == str(made.path / "registry.sqlite3")
    address = "postgresql://me@db.example.com/records"
    there = Workspace.open(made.path, {"PROVENANCE_REGISTRY_URL": address})
    assert there.store(read_only=True).name == address
