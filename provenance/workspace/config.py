"""Settings of a workspace: file, environment, defaults, and where each value came from.

Precedence: command-line option > environment variable > `config.toml` > default. A key or
variable that does not exist is an error: a misspelt setting must never pass silently.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from provenance.errors import ConfigError
from provenance.keys import TimeStampMode
from provenance.workspace.settings import (
    LogSettings,
    RegistrySettings,
    RetentionSettings,
    Settings,
    SignerKind,
    SignerSettings,
    StampSettings,
    SystemSettings,
    VerifySettings,
    WorkspaceSettings,
)

ENV_PREFIX: Final = "PROVENANCE_"
WORKSPACE_VARIABLE: Final = "PROVENANCE_WORKSPACE"
#: Holds the PIN of a token where no file does. It is no setting: settings are shown.
PIN_VARIABLE: Final = "PROVENANCE_SIGNER_PIN"
#: Variables with our prefix that are not settings of a section: options of the command line.
_OTHER_VARIABLES: Final = (
    WORKSPACE_VARIABLE,
    PIN_VARIABLE,
    "PROVENANCE_ACCOUNT",
    "PROVENANCE_LANG",
    "PROVENANCE_OPERATOR",
    "PROVENANCE_PYTHON",  # of hosts that stamp through another installation
)


class LoadedSettings(Settings):
    """Settings with the origin of every value: "default", "config.toml" or a variable."""

    values: WorkspaceSettings
    origins: dict[str, str]

    def listing(self) -> list[tuple[str, Any, str]]:
        """Every setting: key, effective value, origin."""
        return [
            (f"{section}.{key}", value, self.origins.get(f"{section}.{key}", "default"))
            for section in ("system", "stamp", "verify", "signer", "registry", "log", "retention")
            for key, value in getattr(self.values, section)
        ]


def load_settings(path: Path, environment: Mapping[str, str]) -> LoadedSettings:
    """Read `config.toml` and apply the environment.

    Raises:
        ConfigError: unreadable, not TOML, an unknown key or variable, a value that is not
            acceptable.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path.parent} is not a workspace", hint=f"provenance init {path.parent}"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read {path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    origins = {
        f"{section}.{key}": path.name
        for section, table in document.items()
        if isinstance(table, dict)
        for key in table
    }
    for section, key, value, variable in _from_environment(environment):
        table = document.setdefault(section, {})
        if isinstance(table, dict):
            table[key] = value
            origins[f"{section}.{key}"] = variable
    try:
        return LoadedSettings(values=WorkspaceSettings.model_validate(document), origins=origins)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_first_problem(error, origins)}") from error


def _from_environment(environment: Mapping[str, str]) -> list[tuple[str, str, Any, str]]:
    # Who the system is and when personal data goes cannot be changed by a variable.
    models: dict[str, type[Settings]] = {
        "stamp": StampSettings,
        "verify": VerifySettings,
        "signer": SignerSettings,
        "registry": RegistrySettings,
        "log": LogSettings,
    }
    found = []
    for variable, text in sorted(environment.items()):
        if not variable.startswith(ENV_PREFIX) or variable in _OTHER_VARIABLES:
            continue
        section, _, key = variable.removeprefix(ENV_PREFIX).lower().partition("_")
        fields = models[section].model_fields if section in models else {}
        if key not in fields:
            known = [
                f"{ENV_PREFIX}{s}_{name}".upper()
                for s, m in models.items()
                for name in m.model_fields
            ]
            raise ConfigError(
                f"unknown environment variable {variable}",
                hint=f"known: {', '.join([*_OTHER_VARIABLES, *known])}",
            )
        is_list = not isinstance(fields[key].default, str | int | float | Path | None)
        value: Any = [part for part in text.split(",") if part] if is_list else text
        found.append((section, key, value, variable))
    return found


def _first_problem(error: ValidationError, origins: Mapping[str, str]) -> str:
    problem = error.errors()[0]
    name = ".".join(str(part) for part in problem["loc"][:2])
    origin = origins.get(name, "")
    where = f"{name} (from {origin})" if origin and origin != "config.toml" else name
    return f"{where}: {problem['msg']}"


def write_settings(path: Path, system: SystemSettings) -> None:
    """Write the `config.toml` of a new workspace: the system, and commented defaults."""
    stamp, verify, retention = StampSettings(), VerifySettings(), RetentionSettings()
    lines = [
        "# Settings of this workspace. Every key can be seen with: provenance config show",
        "schema_version = 1",
        "",
        "[system]",
        f"id = {system.id}",
        f"name = {_quoted(system.name)}",
        f"organization = {_quoted(system.organization)}",
        f"epoch = {system.epoch}",
        "",
        "[stamp]",
        f"# scheme = {_quoted(stamp.scheme)}",
        f"# format = {_quoted(stamp.format)}",
        f"# model = {_quoted(stamp.model)}",
        '# label = "eu"  # or cn, in: drawn into every picture, see docs/labels.md',
        f"# time_stamp = {_quoted(stamp.time_stamp.value)}  # or record, require",
        '# tsa_url = "http://timestamp.example.com"  # asked once for each picture',
        "",
        "[verify]",
        f"# schemes = [{', '.join(_quoted(name) for name in verify.schemes)}]",
        '# trust_lists = ["C2PA-TRUST-LIST.pem"]  # relative to this directory',
        '# tsa_lists = ["C2PA-TSA-TRUST-LIST.pem"]',
        '# policy = "policy.toml"  # which of the signers on those lists are accepted',
        "",
        "[retention]",
        f"# accounts_days = {retention.accounts_days}  # after the last picture; 0 is for ever",
        f"# access_log_days = {retention.access_log_days}",
        "",
        "[signer]",
        f"# kind = {_quoted(SignerKind.FILE.value)}  # or pkcs11, http: see docs/keys.md",
        '# chain = "certs/chain.pem"  # signing certificate first',
        '# pkcs11_module = "/usr/lib/softhsm/libsofthsm2.so"',
        '# pkcs11_token = "acme"',
        '# pkcs11_key_label = "signer-2026"',
        '# pkcs11_pin_file = "keys/pin"',
        '# http_url = "https://kms.example.com/sign"',
        '# http_key_id = "signer-2026"',
        '# http_token_file = "keys/signer.token"',
        "",
        "[log]",
        '# witness_policy = "witnesses.toml"  # whose cosignatures a checkpoint needs',
        f"# time_stamp = {_quoted(TimeStampMode.OFF.value)}  # of checkpoints, by stamp.tsa_url",
        "",
        "[registry]",
        '# url = "postgresql://USER@HOST/DATABASE"  # instead of registry.sqlite3; no password',
        "",
    ]
    path.write_text("\n".join(lines), "utf-8")


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string (both escape the same characters).
    return json.dumps(text, ensure_ascii=False)
