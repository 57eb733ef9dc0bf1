"""What can be set in a workspace: the tables of `config.toml`, with their defaults."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from provenance.errors import ConfigError, RegistryError
from provenance.imaging import DEFAULT_READ, DEFAULT_STAMP, Encoding, ImageFormat
from provenance.keys import Network, TimeStampAuthority, TimeStamping, TimeStampMode
from provenance.labels import Label
from provenance.model.ids import SYSTEM_ID_BITS
from provenance.registry import check_address
from provenance.watermark import catalog

#: Epochs have two bytes.
MAX_EPOCH: Final = 0xFFFF


class Settings(BaseModel):
    """A table of settings; what it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _checked_scheme(name: str) -> str:
    if name not in catalog.names():
        raise ValueError(f"unknown watermark scheme {name!r}")
    return name


class SystemSettings(Settings):
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


class StampSettings(Settings):
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
    label: Label | None = None

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


class VerifySettings(Settings):
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


class RetentionSettings(Settings):
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


class SignerSettings(Settings):
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


class RegistrySettings(Settings):
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


class LogSettings(Settings):
    """The issuance log: whose cosignatures count, and whether its heads are time-stamped.

    The authority is that of `stamp.tsa_url`.
    """

    witness_policy: Path | None = None
    time_stamp: TimeStampMode = TimeStampMode.OFF


class WorkspaceSettings(Settings):
    """The whole of `config.toml`."""

    schema_version: int = Field(default=1, ge=1, le=1)
    system: SystemSettings
    stamp: StampSettings = StampSettings()
    verify: VerifySettings = VerifySettings()
    log: LogSettings = LogSettings()
    retention: RetentionSettings = RetentionSettings()
    signer: SignerSettings = SignerSettings()
    registry: RegistrySettings = RegistrySettings()

    @model_validator(mode="after")
    def _stamped_by_somebody(self) -> Self:
        if self.log.time_stamp is not TimeStampMode.OFF and not self.stamp.tsa_url:
            raise ValueError("log.time_stamp needs an authority: set stamp.tsa_url")
        return self
