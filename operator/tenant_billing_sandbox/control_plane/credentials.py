"""Keys and certificates of one control plane: elliptic curves, because they are made in milliseconds."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BACKDATED = timedelta(hours=1)
LIFETIME = timedelta(days=365)
PRIVATE = 0o600


@dataclass(frozen=True)
class Credentials:
    """Files that the servers and the administrator need, all in one folder.

    Attributes:
        folder: Where they lie.
    """

    folder: Path

    @property
    def authority(self) -> Path:
        """Certificate of the authority that signs the other certificates."""
        return self.folder / "ca.crt"

    @property
    def serving(self) -> tuple[Path, Path]:
        """Certificate and key of kube-apiserver, for 127.0.0.1 and localhost."""
        return self.folder / "serving.crt", self.folder / "serving.key"

    @property
    def administrator(self) -> tuple[Path, Path]:
        """Certificate and key of a member of ``system:masters``."""
        return self.folder / "administrator.crt", self.folder / "administrator.key"

    @property
    def service_accounts(self) -> tuple[Path, Path]:
        """Public and private key of service-account tokens."""
        return self.folder / "service-accounts.pub", self.folder / "service-accounts.key"


class _Authority:
    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("tenant-billing-sandbox")
        ca_only = x509.BasicConstraints(ca=True, path_length=0)
        self.certificate = (
            _builder(self._name, self._name, self._key)
            .add_extension(ca_only, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def issue(self, subject: x509.Name, usage: x509.ObjectIdentifier, paths: tuple[Path, Path]) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(subject, self._name, key).add_extension(
            x509.ExtendedKeyUsage([usage]), critical=False
        )
        if usage == ExtendedKeyUsageOID.SERVER_AUTH:
            loopback = x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))
            builder = builder.add_extension(
                x509.SubjectAlternativeName([loopback, x509.DNSName("localhost")]), critical=False
            )
        certificate, key_path = paths
        certificate.write_bytes(
            builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        _write_key(key, key_path)


def make_credentials(folder: Path) -> Credentials:
    """Make a new authority and everything it signs, in an existing folder."""
    credentials = Credentials(folder)
    authority = _Authority()
    credentials.authority.write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
    authority.issue(_name("kube-apiserver"), ExtendedKeyUsageOID.SERVER_AUTH, credentials.serving)
    administrator = _name("administrator", organization="system:masters")
    authority.issue(administrator, ExtendedKeyUsageOID.CLIENT_AUTH, credentials.administrator)
    public, private = credentials.service_accounts
    key = ec.generate_private_key(ec.SECP256R1())
    _write_key(key, private)
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return credentials


def _name(common_name: str, organization: str | None = None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization is not None:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + LIFETIME)
    )


def _write_key(key: ec.EllipticCurvePrivateKey, path: Path) -> None:
    path.touch(PRIVATE)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
