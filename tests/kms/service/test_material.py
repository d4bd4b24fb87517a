# SPDX-License-Identifier: Apache-2.0
"""Material of every spec at both levels: what its holder does, others can check or undo."""

import hashlib
import hmac
import itertools
import uuid
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.hashes import SM3
from cryptography.hazmat.primitives.hmac import HMAC

from sidecar.hsm import BadCiphertext, HsmThread, KeyMissing, Token, softhsm
from sidecar.kms.service import public_keys
from sidecar.kms.service.holder import Holder
from sidecar.kms.service.in_process import InProcess
from sidecar.kms.service.material import (
    add_made,
    best_level,
    destroy_material,
    holder_of,
    put_material,
)
from sidecar.kms.service.rsa_pairs import PairKind, Purpose
from sidecar.kms.service.specs import SPECS, Level, Usage
from sidecar.kms.store import Cmk, Database, Material, Shelf
from tests.kms.ready import add_pair

DIGEST = hashlib.sha256(b"a message").digest()
ONLY_SOFTWARE = {"Aliyun_SM4", "EC_SM2", "HMAC_SM3"}
SLOW = {"RSA_3072", "RSA_4096"}
"""To make; they differ from RSA_2048 in nothing but a number."""

CASES = [
    (spec.name, usage, level)
    for spec in SPECS.values()
    for usage, level in itertools.product(spec.algorithms, Level)
    if spec.name not in SLOW and not (level is Level.HSM and spec.name in ONLY_SOFTWARE)
]

type Make = Callable[[str, str, str], tuple[Cmk, Material]]


def cases(usage: Usage) -> list[tuple[str, Level]]:
    return [(spec, level) for spec, of, level in CASES if of is usage]


@pytest.fixture(scope="module")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HsmThread]:
    """One for all: every test has keys of its own."""
    with HsmThread(softhsm.provision(tmp_path_factory.mktemp("hsm") / "hsm")) as thread:
        yield thread


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    database = Database.sqlite(tmp_path_factory.mktemp("kms") / "kms.db")
    database.migrate()
    with database.transaction() as connection:
        yield Shelf(connection, "1", "r")
    database.close()


def cmk_of(spec: str, usage: str, level: str) -> Cmk:
    key_id, version = str(uuid.uuid4()), str(uuid.uuid4())
    return Cmk(key_id, "1", "r", "1", "", spec, usage, "Aliyun_KMS", level, "Enabled", version, 0)


@pytest.fixture
def make(hsm: HsmThread, shelf: Shelf) -> Make:
    def made(spec: str, usage: str, level: str) -> tuple[Cmk, Material]:
        if SPECS[spec].kind.family == "RSA":
            purpose = Purpose.SIGN if usage == Usage.SIGN else Purpose.DECRYPT
            add_pair(hsm, shelf.pairs, PairKind(spec, purpose, Level(level)))
        new = cmk_of(spec, usage, level)
        cmk = hsm.run(lambda token: add_made(token, shelf, new, lambda: str(uuid.uuid4())))
        material = shelf.materials.find(cmk.key_id, cmk.primary_version)
        assert material is not None
        return cmk, material

    return made


def use[T](hsm: HsmThread, shelf: Shelf, cmk: Cmk, work: Callable[[Holder], T]) -> T:
    return hsm.run(lambda token: work(holder_of(token, shelf, cmk, cmk.primary_version)))


@pytest.mark.parametrize(("spec", "level"), cases(Usage.ENCRYPT))
def test_what_is_encrypted_opens_under_its_data_alone(
    hsm: HsmThread, shelf: Shelf, make: Make, spec: str, level: str
) -> None:
    if not SPECS[spec].is_symmetric:
        return _open_what_was_encrypted_elsewhere(hsm, shelf, make, spec, level)
    cmk, _ = make(spec, Usage.ENCRYPT, level)
    iv, sealed = use(hsm, shelf, cmk, lambda holder: holder.encrypt(b"a data key", b"context"))
    opened = use(hsm, shelf, cmk, lambda holder: holder.decrypt(iv, sealed, b"context"))
    assert opened == b"a data key"
    flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for forged in (
        (iv, sealed, b"another"),
        (iv, flipped, b"context"),
        (bytes(12), sealed, b"context"),
        (iv, sealed[:15], b"context"),
        (iv[:-1], sealed, b"context"),
    ):
        with pytest.raises(BadCiphertext):
            use(hsm, shelf, cmk, lambda holder, forged=forged: holder.decrypt(*forged))
    return None


def _open_what_was_encrypted_elsewhere(
    hsm: HsmThread, shelf: Shelf, make: Make, spec: str, level: str
) -> None:
    cmk, material = make(spec, Usage.ENCRYPT, level)
    assert material.public_key
    for algorithm in SPECS[spec].algorithms[Usage.ENCRYPT]:
        longest = bytes(public_keys.max_plaintext(material.public_key, algorithm))
        sealed = public_keys.encrypt(material.public_key, algorithm, longest)
        opened = use(hsm, shelf, cmk, lambda holder, a=algorithm, s=sealed: holder.open(a, s))
        assert opened == longest
        with pytest.raises(BadCiphertext):
            use(hsm, shelf, cmk, lambda holder, a=algorithm, s=sealed: holder.open(a, s[:-1]))


@pytest.mark.parametrize(("spec", "level"), cases(Usage.SIGN))
def test_what_is_signed_verifies_with_the_public_half(
    hsm: HsmThread, shelf: Shelf, make: Make, spec: str, level: str
) -> None:
    cmk, material = make(spec, Usage.SIGN, level)
    public = material.public_key
    assert public
    for algorithm in SPECS[spec].algorithms[Usage.SIGN]:
        signature = use(hsm, shelf, cmk, lambda holder, a=algorithm: holder.sign(a, DIGEST))
        assert public_keys.verify(public, algorithm, DIGEST, signature)
        assert not public_keys.verify(public, algorithm, bytes(32), signature)
        for forged in (b"", signature[:-1], signature + b"\0", bytes(len(signature))):
            assert not public_keys.verify(public, algorithm, DIGEST, forged)


@pytest.mark.parametrize(("spec", "level"), cases(Usage.MAC))
def test_a_mac_is_of_its_message(
    hsm: HsmThread, shelf: Shelf, make: Make, spec: str, level: str
) -> None:
    cmk, _ = make(spec, Usage.MAC, level)
    told = use(hsm, shelf, cmk, lambda holder: holder.mac(b"a message"))
    assert use(hsm, shelf, cmk, lambda holder: holder.mac(b"a message")) == told
    assert use(hsm, shelf, cmk, lambda holder: holder.mac(b"another")) != told


@pytest.mark.parametrize("hash_name", ["sm3", "sha224", "sha256", "sha384", "sha512"])
def test_a_mac_of_software_level_is_the_standards(hsm: HsmThread, hash_name: str) -> None:
    spec = next(spec for spec in SPECS.values() if spec.kind == ("HMAC", hash_name))
    key = bytes(range(spec.size))
    cmk = cmk_of(spec.name, Usage.MAC, Level.SOFTWARE)

    def told(token: Token) -> bytes:
        sealed = put_material(token, cmk, "v", key).sealed
        assert sealed
        return InProcess(token, spec, "v", sealed).mac(b"a message")

    if hash_name == "sm3":
        other = HMAC(key, SM3())
        other.update(b"a message")
        assert hsm.run(told) == other.finalize()
    else:
        assert hsm.run(told) == hmac.digest(key, b"a message", hash_name)


@pytest.mark.parametrize(("spec", "usage", "level"), CASES)
def test_the_database_has_nothing_that_opens(
    hsm: HsmThread, make: Make, spec: str, usage: str, level: str
) -> None:
    cmk, material = make(spec, usage, level)
    assert material.is_in_token == (level == Level.HSM)
    assert (material.sealed is None) == (level == Level.HSM)
    assert (material.public_key is not None) == SPECS[spec].has_public_key
    held = hsm.run(Token.list_key_ids)
    assert (cmk.primary_version.encode() in held) == (level == Level.HSM)


@pytest.mark.parametrize("level", Level)
def test_material_that_was_destroyed_is_missing_for_good(
    hsm: HsmThread, shelf: Shelf, make: Make, level: str
) -> None:
    cmk, _ = make("Aliyun_AES_256", Usage.ENCRYPT, level)
    version = cmk.primary_version
    hsm.run(lambda token: destroy_material(token, shelf, version))
    for key_id in hsm.run(Token.list_pending):
        hsm.run(lambda token, key_id=key_id: token.settle(key_id, keep=key_id != version.encode()))
    assert version.encode() not in hsm.run(Token.list_key_ids)
    left = shelf.materials.find(cmk.key_id, version)
    assert left
    assert not left.is_there
    with pytest.raises(KeyMissing):
        use(hsm, shelf, cmk, lambda holder: holder.encrypt(b"a data key", b""))


def test_a_version_of_another_cmk_is_not_found(hsm: HsmThread, shelf: Shelf, make: Make) -> None:
    mine, _ = make("Aliyun_SM4", Usage.ENCRYPT, Level.SOFTWARE)
    other, _ = make("Aliyun_SM4", Usage.ENCRYPT, Level.SOFTWARE)
    mixed = other._replace(primary_version=mine.primary_version)
    with pytest.raises(KeyMissing):
        use(hsm, shelf, mixed, lambda holder: holder.encrypt(b"a data key", b""))


def test_brought_material_is_what_was_brought(hsm: HsmThread, shelf: Shelf) -> None:
    """The same material at both levels opens what the other sealed."""
    material = bytes(range(32))
    one = cmk_of("Aliyun_AES_256", Usage.ENCRYPT, Level.HSM)
    other = cmk_of("Aliyun_AES_256", Usage.ENCRYPT, Level.SOFTWARE)
    for cmk in (one, other):
        kept = hsm.run(lambda t, c=cmk: put_material(t, c, c.primary_version, material))
        shelf.add_key(cmk, kept)
    iv, sealed = use(hsm, shelf, one, lambda holder: holder.encrypt(b"a data key", b"c"))
    opened = use(hsm, shelf, other, lambda holder: holder.decrypt(iv, sealed, b"c"))
    assert opened == b"a data key"


def test_the_token_is_taken_where_it_can_and_software_where_it_cannot(hsm: HsmThread) -> None:
    levels = {name: hsm.run(lambda t, s=spec: best_level(t, s)) for name, spec in SPECS.items()}
    assert {name for name, level in levels.items() if level is Level.SOFTWARE} == ONLY_SOFTWARE


def test_what_holds_material_does_not_show_it(hsm: HsmThread, shelf: Shelf, make: Make) -> None:
    cmk, _ = make("Aliyun_SM4", Usage.ENCRYPT, Level.SOFTWARE)
    shown = hsm.run(lambda token: repr(holder_of(token, shelf, cmk, cmk.primary_version)))
    assert "sealed" not in shown
