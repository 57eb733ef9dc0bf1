"""A workspace: one directory with everything that one generating system needs.

    config.toml            settings
    keys/system.secret     root of all watermark keys        0600
    keys/signer.key        signing key                       0600
    keys/report.key        signs reports                     0600
    keys/log.key           signs checkpoints of the log     0600
    keys/log.head          the last one that was signed     0600
    keys/issuing-ca.key    renews the development leaves     0600
    certs/chain.pem        signing certificate, issuing CA
    certs/report-chain.pem the same for reports
    trust/root.pem         the anchor that manifests made here chain to
    trust/revoked.toml     signing certificates that are not believed any more
    registry.sqlite3       the records, unless they are in PostgreSQL
    log/                   the issuance log, to be served
    registry.index         makes searches fast; can be built again           0600
    systems/               bundles of other systems         (`exchange`)
    extracts/              extracts of their registries

It is for one machine. A deployment keeps its keys elsewhere and builds `Stamper` and
`Verifier` from its own parts.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import replace
from functools import partial, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Self

import provenance
from provenance.errors import ConfigError, KeyMaterialError, SignerError
from provenance.exchange import ExtractShelf, SystemShelf
from provenance.fingerprint import SignatureKey
from provenance.keys import (
    CertificateChain,
    FileSigner,
    Pseudonyms,
    Purpose,
    Signer,
    SystemSecret,
    prove_pair,
)
from provenance.log import IssuanceLog
from provenance.model.ids import SYSTEM_ID_BITS, SystemRef
from provenance.registry import SqlStore, open_store
from provenance.resolution import ChainedResolver, LocalRegistry, LoggedRegistry, Resolver
from provenance.trust import (
    Revocation,
    Revocations,
    SignerPolicy,
    TrustStore,
    format_revocations,
    load_policy,
    load_revocations,
)
from provenance.verify import SystemTrust, Verifier
from provenance.watermark import DetectionKey, Keyring
from provenance.workspace import development
from provenance.workspace.config import (
    LoadedSettings,
    load_settings,
)
from provenance.workspace.custody import Custodian, copies_in
from provenance.workspace.files import locked, replace_file
from provenance.workspace.issuance import open_log, time_stamps_of
from provenance.workspace.rotation import next_epoch
from provenance.workspace.settings import SignerKind, SystemSettings, WorkspaceSettings
from provenance.workspace.signers import signer_of

if TYPE_CHECKING:
    from provenance.stamp import Stamper


class Workspace:
    """An opened workspace directory. Key files are read only when they are needed."""

    def __init__(self, path: Path, loaded: LoadedSettings) -> None:
        """Use `open` or `create`."""
        self.path = path
        self.loaded = loaded

    @classmethod
    def create(
        cls,
        path: str | Path,
        *,
        system_name: str = "",
        organization: str = "",
        system_id: int | None = None,
    ) -> Self:
        """Make a new workspace: keys, a development certificate chain, an empty registry.

        It appears complete or not at all.

        Args:
            path: a directory that does not exist yet, or is empty.
            system_name: name of the generating system; default: the directory's name.
            organization: subject organisation of the certificates; default: the same.
            system_id: 20-bit number of the system in its marks; default: random.

        Raises:
            ConfigError: the directory is not empty, or a value is not acceptable.
        """
        target = Path(path).absolute()
        name = system_name or target.name
        try:
            system = SystemSettings(
                id=secrets.randbits(SYSTEM_ID_BITS) if system_id is None else system_id,
                name=name,
                organization=organization or name,
            )
        except ValueError as error:
            raise ConfigError(
                f"a system has a name of 1 to 64 characters and an id below {1 << SYSTEM_ID_BITS:,}"
            ) from error
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise ConfigError(f"{target} exists and is not an empty directory")
        aside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.incomplete")
        try:
            development.fill(aside, system)
            aside.replace(target)
        except OSError as error:
            raise ConfigError(f"cannot create {target}: {error.strerror or error}") from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return cls.open(target)

    @classmethod
    def open(cls, path: str | Path, environment: Mapping[str, str] | None = None) -> Self:
        """Open an existing workspace.

        Args:
            path: its directory.
            environment: variables that override settings; default: the process's own.

        Raises:
            ConfigError: not a workspace, or a setting is not valid.
        """
        target = Path(path).absolute()
        variables = os.environ if environment is None else environment
        return cls(target, load_settings(target / "config.toml", variables))

    @property
    def settings(self) -> WorkspaceSettings:
        """The effective settings."""
        return self.loaded.values

    @property
    def system(self) -> SystemRef:
        """The generating system of this workspace."""
        return SystemRef(self.settings.system.id, self.settings.system.name)

    def signer(self) -> Signer:
        """The signer of manifests that the settings name; by default the workspace's own key."""
        return signer_of(self.path, self.settings.signer)

    def chain_paths(self) -> dict[str, Path]:
        """Where the certificates are, by what they sign."""
        return {
            "pictures": self.path / self.settings.signer.chain,
            "reports": self.path / "certs" / "report-chain.pem",
        }

    def signing_chain(self) -> CertificateChain:
        """The certificates of the signer of manifests; its key is not needed."""
        return CertificateChain.load(self.chain_paths()["pictures"])

    def ready_signer(self) -> Signer:
        """The signer, once it has shown that it may sign now and that key and certificate fit.

        Raises:
            KeyMaterialError: the pair cannot be used, or is none.
            SignerError: the signer failed, or its certificate is expired or revoked.
        """
        signer = self.signer()
        revoked = self.revocations().get(signer.chain.sha256)
        if revoked is not None:
            raise SignerError(
                f"the signing certificate is revoked ({revoked.reason.value}), from size "
                f"{revoked.from_size} of log {revoked.log} on",
                hint="sign with a new key and certificate; one of a development chain is made by: "
                f"provenance init --renew-certificate {self.path}",
            )
        prove_pair(signer)
        return signer

    def report_signer(self) -> FileSigner:
        """The signer for reports. It never is the one for pictures.

        That one works unattended and may be anywhere; whoever takes it must not get the power
        to speak for the investigators, and the other way round.

        Raises:
            KeyMaterialError: the workspace has none, or it cannot be used.
        """
        key_path = self.path / "keys" / "report.key"
        if not key_path.exists():
            raise KeyMaterialError(
                f"{self.path} has no key for signing reports",
                hint="provenance init --renew-certificate makes one; or use --sign-key",
            )
        return FileSigner.load(
            key_path=key_path, chain_path=self.path / "certs" / "report-chain.pem"
        )

    def store(self, *, read_only: bool = False) -> SqlStore:
        """The registry of this workspace: that of its settings, or its own file."""
        address = self.settings.registry.url or self.path / "registry.sqlite3"
        return open_store(address, read_only=read_only)

    def log(self, *, read_only: bool) -> IssuanceLog:
        """The issuance log of this workspace's registry.

        Args:
            read_only: only for proofs and checks; nothing is written.

        Raises:
            KeyMaterialError: its key is missing or cannot be used.
            LogError: the witness policy cannot be used.
        """
        settings = self.settings
        return open_log(
            self.path,
            self.store(read_only=read_only),
            system_id=settings.system.id,
            settings=settings.log,
            time_stamps=time_stamps_of(settings.log, settings.stamp, self.trust),
            read_only=read_only,
        )

    @property
    def _has_log(self) -> bool:
        """A checkpoint was signed here."""
        return (self.path / "keys" / "log.head").exists()

    @property
    def index_path(self) -> Path:
        """Where the search index of the registry is, if it was built."""
        return self.path / "registry.index"

    def systems(self) -> SystemShelf:
        """The bundles of other systems that were imported."""
        return SystemShelf(self.path / "systems")

    def extracts(self) -> ExtractShelf:
        """The extracts of other systems' registries that were imported."""
        return ExtractShelf(self.path / "extracts")

    def trust(self) -> TrustStore:
        """The workspace's own anchor and every list that its settings name."""
        verify = self.settings.verify
        signers = (Path("trust") / "root.pem", *verify.trust_lists)
        return TrustStore.load(
            (self.path / name for name in signers),
            (self.path / name for name in verify.tsa_lists),
        )

    def policy(self) -> SignerPolicy | None:
        """The policy that the settings name, if they do."""
        path = self.settings.verify.policy
        return None if path is None else load_policy(self.path / path)

    def revocations(self) -> Revocations:
        """The signing certificates that are revoked here."""
        return load_revocations(self._revoked_path)

    def revoke(self, revocation: Revocation) -> None:
        """Believe a certificate only for what was logged before; it is kept on the disk.

        Raises:
            TrustError: it is revoked already, or the revocations cannot be read.
            ConfigError: they cannot be written.
        """
        with locked(self._revoked_path.parent):
            text = format_revocations(self.revocations().plus(revocation))
            replace_file(self._revoked_path, text)

    @property
    def _revoked_path(self) -> Path:
        return self.path / "trust" / "revoked.toml"

    def rotate(self) -> int:
        """Begin a new epoch: new marks use new keys, and old marks stay readable for ever.

        This object and every running process go on with the old epoch: open the workspace
        again.

        Returns:
            The new epoch.

        Raises:
            ConfigError: `config.toml` cannot be changed.
        """
        return next_epoch(self.path / "config.toml")

    def detection_keys(self) -> tuple[DetectionKey, ...]:
        """The system's keys, one for each epoch up to the current one, newest first."""
        secret = SystemSecret.load(self.path / "keys" / "system.secret")
        system = self.settings.system
        return tuple(
            DetectionKey(
                system=self.system,
                epoch=epoch,
                carrier_key=secret.derive(Purpose.CARRIER, system_id=system.id, epoch=epoch),
                tag_key=secret.derive(Purpose.TAG, system_id=system.id, epoch=epoch),
            )
            for epoch in range(system.epoch, -1, -1)
        )

    def signature_keys(self) -> tuple[SignatureKey, ...]:
        """The keys to the grid signatures of the system's records, newest epoch first."""
        secret = SystemSecret.load(self.path / "keys" / "system.secret")
        system = self.settings.system
        return tuple(
            SignatureKey(
                system_id=system.id,
                epoch=epoch,
                value=secret.derive(Purpose.SIGNATURE, system_id=system.id, epoch=epoch),
            )
            for epoch in range(system.epoch, -1, -1)
        )

    def name_key(self) -> bytes:
        """The 32-byte key of labels for file names; it outlives the epochs."""
        secret = SystemSecret.load(self.path / "keys" / "system.secret")
        return secret.derive(Purpose.NAMES, system_id=self.settings.system.id, epoch=0)

    def pseudonyms(self) -> Pseudonyms:
        """The keys of accounts and requests; they outlive the epochs."""
        secret = SystemSecret.load(self.path / "keys" / "system.secret")
        system_id = self.settings.system.id
        return Pseudonyms(secret.derive(Purpose.PSEUDONYM, system_id=system_id, epoch=0))

    def custodian(self, *, operator: str, reason: str, read_only: bool = False) -> Custodian:
        """Whoever reveals and erases, with the access log that says so.

        Raises:
            ArgumentError: no reason is given, or it or the operator is no printable text.
        """
        return Custodian(
            store=self.store(read_only=read_only),
            operator=operator,
            reason=reason,
            copies=lambda: copies_in(self.path),
        )

    def stamper(self) -> Stamper:
        """A stamper with this workspace's keys, signer and registry.

        It can be pickled: the other process opens the directory and reads the keys itself, with
        the settings of this object.
        """
        from provenance.stamp import Origin, Stamper  # whoever verifies does not need it

        settings = self.settings.stamp
        stamper = Stamper(
            system=self.system,
            key=self.detection_keys()[0],
            scheme=settings.scheme,
            signer=self.ready_signer(),
            trust=self.trust(),
            store=self.store(),
            software_version=provenance.__version__,
            signature_key=self.signature_keys()[0],
            formats=settings.formats,
            time_stamping=settings.time_stamping(),
            pseudonyms=self.pseudonyms(),
            log=self.log(read_only=False),
            label=settings.label,
        )
        return replace(stamper, origin=Origin.of(self, stamper))

    def verifier(self) -> Verifier:
        """A verifier that knows this system's marks, anchors and records.

        It knows those of imported systems too, except where the bundle has expired: that one is
        left out, and `systems` says so.

        Raises:
            KeyMaterialError: a bundle is not what was imported.
        """
        settings = self.settings.verify
        others = [item for item in self.systems().systems() if not item.expired()]
        return Verifier(
            trust=self.trust(),
            system_trust=tuple(
                SystemTrust(system=item.bundle.system, trust=item.trust) for item in others
            ),
            policy=self.policy(),
            revocations=reduce(
                Revocations.merged,
                (item.bundle.revocations for item in others),
                self.revocations(),
            ),
            keyring=sum(
                (item.bundle.keyring for item in others), Keyring(keys=self.detection_keys())
            ),
            resolver=self._resolver(),
            signature_keys=(
                *self.signature_keys(),
                *(key for item in others for key in item.bundle.signature_keys),
            ),
            schemes=tuple(
                dict.fromkeys(
                    (
                        *settings.schemes,
                        self.settings.stamp.scheme,
                        *(name for item in others for name in item.bundle.known_schemes),
                    )
                )
            ),
            formats=settings.formats,
        )

    def _resolver(self) -> Resolver:
        store = self.store(read_only=True)
        own: Resolver = LocalRegistry(store)
        if self._has_log:
            own = LoggedRegistry(store, partial(self.log, read_only=True))
        extracts = self.extracts().extracts()
        if not extracts and not self.systems().systems():
            return own
        others = {item.statement.system.id or 0: item.resolver() for item in extracts}
        return ChainedResolver(own, self.settings.system.id, others)

    def renew_certificate(self) -> None:
        """Give the development signers, of pictures and of reports, fresh keys for 366 days.

        The old ones are replaced; what was signed with them stays valid for as long as
        their own certificates do. A workspace without a signer for reports gets one.

        Raises:
            KeyMaterialError: the issuing CA's key is not there: not a development chain; or
                the signing key is not in a file.
        """
        signer = self.settings.signer
        if signer.kind is not SignerKind.FILE:
            raise KeyMaterialError(
                f"the signing key is not in this workspace: signer.kind is {signer.kind.value}",
                hint="get a certificate for it; for development: provenance keys certify",
            )
        development.renew(self.path, self.path / signer.chain, self.system.name)

    def certify(self, public_key: bytes) -> bytes:
        """A development certificate, with its issuer, for a signing key that is elsewhere.

        Args:
            public_key: in SubjectPublicKeyInfo, PEM or DER.

        Returns:
            The chain in PEM, to be named as `signer.chain`.

        Raises:
            KeyMaterialError: no such key, or the issuing CA's key is not there.
        """
        return development.certified(self.path, self.system.name, public_key)
