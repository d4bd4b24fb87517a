# SPDX-License-Identifier: Apache-2.0
"""Keys of certificates: where they are, what their requests are worth, and that they go."""

import subprocess
import uuid
from pathlib import Path

import pytest
from cryptography import x509

from sidecar.hsm import BadCiphertext, HsmThread, KeyMissing, Token
from sidecar.kms.healing import heal
from sidecar.kms.service import public_keys
from sidecar.kms.service.certificates.keys import KEY_SPECS, give_up_key, holder_of, make_pair
from sidecar.kms.service.certificates.request import make_request
from sidecar.kms.service.certificates.subject import read_subject
from sidecar.kms.service.rsa_pairs import PairKind, Purpose
from sidecar.kms.service.specs import Level
from sidecar.kms.store import Certificate, Database, Pairs, Shelf
from tests.kms.issuing import SIGNER
from tests.kms.ready import add_pair

SUBJECT = read_subject("CN=userName,OU=kms,O=aliyun,C=CN")


def make(hsm: HsmThread, database: Database, spec: str) -> Certificate:
    """A certificate that waits for its import."""
    with database.transaction() as connection:
        pairs = Pairs(connection)
        if spec == "RSA_2048":
            add_pair(hsm, pairs, PairKind(spec, Purpose.CERTIFICATE, Level.HSM))
        one, pair = hsm.run(lambda token: make_pair(token, pairs, spec, lambda: str(uuid.uuid4())))
    made = Certificate(
        certificate_id=one,
        key_spec=spec,
        is_exportable=True,
        status="PENDING",
        sealed=pair.sealed,
        public_key=pair.public,
        csr="",
        created_at=0,
        updated_at=0,
    )
    with database.transaction() as connection:
        Shelf(connection, "1", "r").certificates.add(made)
    return made


def held(hsm: HsmThread) -> list[str]:
    return [key_id.decode() for key_id in hsm.run(Token.list_key_ids)]


@pytest.mark.parametrize("spec", KEY_SPECS)
def test_openssl_takes_the_request(
    hsm: HsmThread, database: Database, spec: str, tmp_path: Path
) -> None:
    made = make(hsm, database, spec)
    domains = ["a.example", "*.b.example"]
    text = hsm.run(
        lambda token: make_request(holder_of(token, made), spec, made.public_key, SUBJECT, domains)
    )
    request = x509.load_pem_x509_csr(text.encode())
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert (request.subject, names.get_values_for_type(x509.DNSName)) == (SUBJECT, domains)
    file = tmp_path / "csr.pem"
    file.write_text(text)
    subprocess.run(
        ["openssl", "req", "-in", file, "-verify", "-noout", "-vfyopt", SIGNER]
        if spec == "EC_SM2"
        else ["openssl", "req", "-in", file, "-verify", "-noout"],
        check=True,
        capture_output=True,
    )


def test_what_the_token_can_hold_is_in_the_token_and_the_rest_is_sealed(
    hsm: HsmThread, database: Database
) -> None:
    rsa, ec, sm2 = (make(hsm, database, spec) for spec in KEY_SPECS)
    assert sorted(held(hsm)) == sorted([rsa.certificate_id, ec.certificate_id])
    assert (rsa.sealed, ec.sealed) == (None, None)
    assert sm2.sealed is not None


def test_one_key_signs_and_decrypts(hsm: HsmThread, database: Database) -> None:
    made = make(hsm, database, "RSA_2048")
    blob = public_keys.encrypt(made.public_key, "RSAES_OAEP_SHA_256", b"a canary")

    def work(token: Token) -> bytes:
        holder = holder_of(token, made)
        signature = holder.sign("RSA_PSS_SHA_256", bytes(32))
        assert public_keys.verify(made.public_key, "RSA_PSS_SHA_256", bytes(32), signature)
        with pytest.raises(BadCiphertext):
            holder.open("RSAES_OAEP_SHA_1", blob)
        return holder.open("RSAES_OAEP_SHA_256", blob)

    assert hsm.run(work) == b"a canary"


def test_a_sealed_key_is_of_its_certificate_alone(hsm: HsmThread, database: Database) -> None:
    """Attack: whoever writes the database puts the key of one certificate into another's row."""
    made = make(hsm, database, "EC_SM2")
    transplanted = made._replace(certificate_id=str(uuid.uuid4()))
    with pytest.raises(KeyMissing):
        hsm.run(lambda token: holder_of(token, transplanted).sign("SM2DSA", bytes(32)))


@pytest.mark.parametrize("spec", KEY_SPECS)
def test_a_key_is_destroyed_once_its_deletion_is_durable(
    hsm: HsmThread, database: Database, spec: str
) -> None:
    kept, gone = make(hsm, database, "EC_P256"), make(hsm, database, spec)
    hsm.run(lambda token: heal(token, database))
    hsm.run(lambda token: give_up_key(token, gone))
    hsm.run(lambda token: heal(token, database))  # what deleted it was undone, or is under way
    assert len(held(hsm)) == (1 if spec == "EC_SM2" else 2)
    with database.transaction() as connection:
        Shelf(connection, "1", "r").certificates.delete(gone.certificate_id)
    hsm.run(lambda token: give_up_key(token, gone))
    hsm.run(lambda token: heal(token, database))
    assert held(hsm) == [kept.certificate_id]
