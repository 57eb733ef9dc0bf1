"""Settings of a workspace: file, environment, defaults, and where each value came from.

Precedence: command-line option > environment variable > `config.toml` > default. A key or
variable that does not exist is an error: a misspelt setting must never pass silently.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from provenance.errors import ConfigError, RegistryError
from provenance.imaging import DEFAULT_READ, DEFAULT_STAMP, Encoding, ImageFormat
from provenance.keys import Network, TimeStampAuthority, TimeStamping, TimeStampMode
from provenance.model.ids import SYSTEM_ID_BITS
from provenance.registry import check_address
from provenance.watermark import catalog

#: Epochs have two bytes.
MAX_EPOCH: Final = 0xFFFF
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
)


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _checked_scheme(name: str) -> str:
    if name not in catalog.names():
        raise ValueError(f"unknown watermark scheme {name!r}")
    return name


class SystemSettings(_Settings):
    """Who this workspace issues marks for."""

    @field_validator("name", "organization")
    @classmethod
    def _printable(cls, text: str) -> str:
        if not text.isprintable():
            raise ValueError("must be printable text")
        return text

    id: int = Field(ge=0, lt=1 << SYSTEM_ID_BITS)
    name: str = Field(min_length=1, max_length=64)
    organization: str = Field(min_length=1, max_length=64)
    epoch: int = Field(default=0, ge=0, le=MAX_EPOCH)


class StampSettings(_Settings):
    """How pictures are stamped. The network is used only where `tsa_url` is set."""

    scheme: str = catalog.DEFAULT
    format: str = "png"
    quality: int | None = Field(default=None, ge=1, le=100)
    model: str = "unnamed model"
    model_version: str = ""
    formats: frozenset[ImageFormat] = DEFAULT_STAMP
    time_stamp: TimeStampMode = TimeStampMode.OFF
    tsa_url: str = ""
    tsa_network: Network = Network.PUBLIC

    @field_validator("scheme")
    @classmethod
    def _known_scheme(cls, name: str) -> str:
        return _checked_scheme(name)

    @field_validator("format")
    @classmethod
    def _known_format(cls, name: str) -> str:
        Encoding.parse(name)
        return name

    @model_validator(mode="after")
    def _usable_authority(self) -> Self:
        try:
            self.time_stamping()
        except ConfigError as error:
            raise ValueError(str(error)) from error
        return self

    def time_stamping(self) -> TimeStamping:
        """Whether time stamps are asked for, and whom."""
        authority = None
        if self.tsa_url:
            authority = TimeStampAuthority(url=self.tsa_url, network=self.tsa_network)
        return TimeStamping(mode=self.time_stamp, authority=authority)


class VerifySettings(_Settings):
    """What verification looks for and believes, besides this workspace's own anchor."""

    schemes: tuple[str, ...] = (catalog.DEFAULT,)
    formats: frozenset[ImageFormat] = DEFAULT_READ
    trust_lists: tuple[Path, ...] = ()
    tsa_lists: tuple[Path, ...] = ()
    policy: Path | None = None

    @field_validator("schemes")
    @classmethod
    def _known_schemes(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_checked_scheme(name) for name in names)


class RetentionSettings(_Settings):
    """How long what is personal is kept, in days. 0 keeps it for ever, and has to be written.

    `accounts_days` counts from the last picture that an account asked for, `access_log_days` from
    the entry. `registry purge --expired` removes what is older; nothing goes by itself.
    """

    accounts_days: int = Field(default=365, ge=0, le=36_500)
    access_log_days: int = Field(default=365, ge=0, le=36_500)


class SignerKind(StrEnum):
    """Where the signing key is."""

    FILE = "file"  # keys/signer.key
    PKCS11 = "pkcs11"  # a hardware security module or another token
    HTTP = "http"  # a signing service


class SignerSettings(_Settings):
    """Who signs manifests. Neither a PIN nor a token is ever here: only where they are."""

    kind: SignerKind = SignerKind.FILE
    chain: Path = Path("certs") / "chain.pem"
    seconds: float = Field(default=10.0, gt=0, le=60)  # for one signature
    pkcs11_module: Path | None = None
    pkcs11_token: str = ""
    pkcs11_key_label: str = ""
    pkcs11_key_id: str = ""
    pkcs11_pin_file: Path | None = None
    http_url: str = ""
    http_network: Network = Network.PUBLIC
    http_key_id: str = ""
    http_token_file: Path | None = None
    http_ca_file: Path | None = None

    @field_validator("pkcs11_key_id")
    @classmethod
    def _hexadecimal(cls, text: str) -> str:
        if not re.fullmatch(r"([0-9a-fA-F]{2}){0,64}", text, re.ASCII):
            raise ValueError("must be pairs of hexadecimal digits")
        return text

    @model_validator(mode="after")
    def _complete(self) -> Self:
        names: tuple[str, ...] = ()
        if self.kind is SignerKind.PKCS11:
            label_or_id = "pkcs11_key_id" if self.pkcs11_key_id else "pkcs11_key_label"
            names = ("pkcs11_module", "pkcs11_token", label_or_id)
        elif self.kind is SignerKind.HTTP:
            names = ("http_url", "http_key_id")
        missing = [name for name in names if not getattr(self, name)]
        if missing:
            raise ValueError(f"kind {self.kind.value} needs signer.{missing[0]}")
        return self


class RegistrySettings(_Settings):
    """Where the records are: `registry.sqlite3` in the workspace, unless an address is given."""

    url: str = ""

    @field_validator("url")
    @classmethod
    def _usable_address(cls, url: str) -> str:
        if url:
            try:
                check_address(url)
            except RegistryError as error:
                raise ValueError(str(error)) from error
        return url


class WorkspaceSettings(_Settings):
    """The whole of `config.toml`."""

    schema_version: int = Field(default=1, ge=1, le=1)
    system: SystemSettings
    stamp: StampSettings = StampSettings()
    verify: VerifySettings = VerifySettings()
    retention: RetentionSettings = RetentionSettings()
    signer: SignerSettings = SignerSettings()
    registry: RegistrySettings = RegistrySettings()


class LoadedSettings(_Settings):
    """Settings with the origin of every value: "default", "config.toml" or a variable."""

    values: WorkspaceSettings
    origins: dict[str, str]

    def listing(self) -> list[tuple[str, Any, str]]:
        """Every setting: key, effective value, origin."""
        return [
            (f"{section}.{key}", value, self.origins.get(f"{section}.{key}", "default"))
            for section in ("system", "stamp", "verify", "signer", "registry", "retention")
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
    models: dict[str, type[_Settings]] = {
        "stamp": StampSettings,
        "verify": VerifySettings,
        "signer": SignerSettings,
        "registry": RegistrySettings,
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
        "[registry]",
        '# url = "postgresql://USER@HOST/DATABASE"  # instead of registry.sqlite3; no password',
        "",
    ]
    path.write_text("\n".join(lines), "utf-8")


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string (both escape the same characters).
    return json.dumps(text, ensure_ascii=False)
