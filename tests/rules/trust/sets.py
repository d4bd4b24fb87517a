# SPDX-License-Identifier: Apache-2.0
"""A folder of rules that somebody signs, and the proxy's side of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sidecar.rules import RuleSource, Trust, read_files
from sidecar.rules.trust import (
    describe,
    generate_key,
    read_signing_key,
    read_trust_keys,
    sign,
    signature_path,
)
from tests.rules.samples import FILE, write


@dataclass(frozen=True)
class SignedSet:
    """`rules/` and the keys beside it; the signing key would be elsewhere."""

    folder: Path

    @classmethod
    def start(cls, folder: Path) -> Self:
        signed = cls(folder)
        signed.rules.mkdir()
        write_key(signed.key, signed.trust.keys)
        write(signed.rules, FILE, "customers.yaml")
        write(signed.rules, "version: 1\ncases: []\n", "customers.test.yaml")
        signed.sign(1)
        return signed

    @property
    def rules(self) -> Path:
        return self.folder / "rules"

    @property
    def key(self) -> Path:
        return self.folder / "rules.key"

    @property
    def state(self) -> Path:
        return self.folder / "rules.state"

    @property
    def trust(self) -> Trust:
        return Trust(self.folder / "rules.pub", self.state)

    @property
    def source(self) -> RuleSource:
        return RuleSource(self.rules, self.trust)

    @property
    def signature(self) -> Path:
        return signature_path(self.rules)

    def sign(self, version: int) -> None:
        manifest = describe(read_files(self.rules), version)
        self.signature.write_bytes(sign(manifest, read_signing_key(self.key)).encode())

    def put_in_force(self) -> None:
        self.source.accept(self.source.read())

    def edit(self, text: str) -> None:
        write(self.rules, text, "customers.yaml")


def write_key(private: Path, public: Path) -> None:
    secret, trusted = generate_key()
    private.write_bytes(secret)
    private.chmod(0o600)
    public.write_bytes(trusted)
    assert read_trust_keys(public)
