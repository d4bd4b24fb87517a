# SPDX-License-Identifier: Apache-2.0
"""Files, syslog servers and URLs get records as they were hashed, or the export hears why not."""

import json
import re
import socket
import ssl
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.kms.audit.chain import GENESIS, Link, chained
from sidecar.kms.audit.exporting.folder import Folder
from sidecar.kms.audit.exporting.lines import line, parse, read_files
from sidecar.kms.audit.exporting.sink import DeliveryFailed
from sidecar.kms.audit.exporting.syslog import Syslog
from sidecar.kms.audit.exporting.webhook import Webhook
from sidecar.kms.audit.settings import FolderExport, SyslogExport, WebhookExport
from sidecar.kms.audit.verification import Claim, verify_export
from tests.fixtures.authority import Authority
from tests.kms.audit.exporting.receivers import EndlessReceiver, HookReceiver, StreamReceiver
from tests.kms.audit.signing import event

PATIENCE = 20.0


def claims(first: int, last: int) -> list[Claim]:
    """Some records of one chain."""
    found, digest = [], GENESIS
    for sequence in range(1, last + 1):
        record = event("Decrypt", request_id=f"r{sequence}").record()
        previous, digest = digest, chained(digest, record)
        found.append(Claim(Link(sequence, record, digest), previous))
    return found[first - 1 :]


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def test_a_line_says_itself_what_it_is_and_reads_back() -> None:
    (claim,) = claims(7, 7)
    text = line(claim)
    assert json.loads(text) == {
        "sequence": 7,
        "previous": claim.previous.hex(),
        "digest": claim.link.digest.hex(),
        "record": json.loads(claim.link.record),
    }
    assert parse(text.encode() + b"\n") == claim


def test_files_are_full_after_a_while_and_verify_together(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "audit"
    sink = Folder(FolderExport("disk", folder, rotate_bytes=4096))
    for number in range(1, 21):
        sink.deliver(claims(number, number))
    sink.close()
    names = [path.name for path in files(folder)]
    assert len(names) > 2
    assert names[0] == "audit-000000000000000001.jsonl"
    assert all(path.stat().st_size <= 4096 for path in files(folder))
    assert verify_export(read_files(files(folder)), None).sequence == 20
    modes = {stat.S_IMODE(path.stat().st_mode) for path in [folder, *files(folder)]}
    assert modes == {0o700, 0o600}


def test_only_so_many_files_are_kept(tmp_path: Path) -> None:
    sink = Folder(FolderExport("disk", tmp_path, rotate_bytes=1, keep=2))
    for number in range(1, 6):
        sink.deliver(claims(number, number))
    sink.close()
    assert [path.name[-7:-6] for path in files(tmp_path)] == ["4", "5"]
    found = verify_export(read_files(files(tmp_path)), None, first=4)
    assert (found.first, found.sequence) == (4, 5)


@pytest.mark.parametrize("cut", [1, 30, 100_000])
def test_a_line_that_a_crash_cut_short_is_taken_off(tmp_path: Path, cut: int) -> None:
    settings = FolderExport("disk", tmp_path)
    sink = Folder(settings)
    sink.deliver(claims(1, 200))
    sink.close()
    (path,) = files(tmp_path)
    path.write_bytes(path.read_bytes()[:-cut])
    kept = path.read_bytes().count(b"\n")
    again = Folder(settings)
    again.deliver(claims(kept + 1, 205))
    again.close()
    assert files(tmp_path) == [path]
    assert verify_export(read_files([path]), None).sequence == 205


def test_a_file_that_is_one_torn_line_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "audit-000000000000000001.jsonl").write_bytes(b"x" * 200_000)
    sink = Folder(FolderExport("disk", tmp_path))
    sink.deliver(claims(1, 2))
    sink.close()
    assert verify_export(read_files(files(tmp_path)), None).sequence == 2


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    sink = Folder(FolderExport("disk", tmp_path / "file"))
    with pytest.raises(DeliveryFailed, match="cannot be written"):
        sink.deliver(claims(1, 1))


HEAD = re.compile(rb"<(\d+)>1 (\S+) (\S+) envelope-sidecar-kms (\d+) (\S+) - (\{.*\})", re.DOTALL)


def test_messages_are_framed_and_headed_as_the_rfcs_have_it() -> None:
    with StreamReceiver() as receiver:
        sink = Syslog(SyslogExport("s", host="127.0.0.1", port=receiver.port))
        sink.deliver(claims(1, 3))
        wait_until(lambda: len(receiver.messages()) == 3)
        sink.close()
    found = HEAD.fullmatch(receiver.messages()[1])
    assert found is not None
    assert (found[1], found[2], found[5]) == (b"109", b"2027-01-15T08:00:00Z", b"Decrypt")
    assert parse(found[6] + b"\n") == claims(2, 2)[0]


def test_tls_is_spoken_with_servers_of_the_ca_alone(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.issue("127.0.0.1"))
    with StreamReceiver(context) as receiver:
        place = SyslogExport("s", host="127.0.0.1", port=receiver.port, is_tls=True)
        good = Syslog(
            SyslogExport("s", "", "127.0.0.1", receiver.port, is_tls=True, ca=authority.ca)
        )
        good.deliver(claims(1, 2))
        wait_until(lambda: len(receiver.messages()) == 2)
        good.close()
        with pytest.raises(DeliveryFailed):
            Syslog(place).deliver(claims(3, 3))
    assert len(receiver.messages()) == 2


def test_a_datagram_socket_gets_a_message_a_datagram(tmp_path: Path) -> None:
    path = str(tmp_path / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(path)
        server.settimeout(PATIENCE)
        sink = Syslog(SyslogExport("s", path))
        sink.deliver(claims(1, 2))
        found = [HEAD.fullmatch(server.recv(65536)) for _ in range(2)]
        sink.close()
    assert [parse(one[6] + b"\n") for one in found if one] == claims(1, 2)


def test_a_server_that_hung_up_is_called_again() -> None:
    with StreamReceiver() as receiver:
        sink = Syslog(SyslogExport("s", host="127.0.0.1", port=receiver.port))
        sink.deliver(claims(1, 1))
        wait_until(lambda: len(receiver.messages()) == 1)
        receiver.hang_up()
        wait_until(lambda: _has_seen_the_end(sink))
        sink.deliver(claims(2, 2))
        wait_until(lambda: len(receiver.messages()) == 2)
        sink.close()


def _has_seen_the_end(sink: Syslog) -> bool:
    assert sink._socket is not None
    return sink._has_hung_up(sink._socket)


def test_a_server_that_is_not_there_is_told() -> None:
    with StreamReceiver() as receiver:
        port = receiver.port
    with pytest.raises(DeliveryFailed, match="syslog: "):
        Syslog(SyslogExport("s", host="127.0.0.1", port=port)).deliver(claims(1, 1))


def test_a_url_gets_lines_with_their_numbers_and_the_token_of_now(tmp_path: Path) -> None:
    token = tmp_path / "token"
    with HookReceiver() as receiver:
        sink = Webhook(WebhookExport("w", receiver.url, token_file=token))
        with pytest.raises(DeliveryFailed, match="cannot be read"):
            sink.deliver(claims(1, 1))
        for word in ("first", "second"):
            token.write_text(word + "\n")
            token.chmod(0o600)
            sink.deliver(claims(1, 3))
        sink.close()
    told = [(one["authorization"], one["x-audit-records"]) for one in receiver.headers]
    assert told == [("Bearer first", "1-3"), ("Bearer second", "1-3")]
    lines = receiver.bodies[0].splitlines(keepends=True)
    assert [parse(one) for one in lines] == claims(1, 3)


@pytest.mark.parametrize("status", [302, 400, 503])
def test_whatever_is_not_2xx_is_no_arrival(status: int) -> None:
    with HookReceiver([status]) as receiver:
        sink = Webhook(WebhookExport("w", receiver.url))
        with pytest.raises(DeliveryFailed, match=str(status)):
            sink.deliver(claims(1, 1))
        sink.close()
    assert receiver.bodies == []
    gone = Webhook(WebhookExport("w", receiver.url))
    with pytest.raises(DeliveryFailed, match="ConnectError"):
        gone.deliver(claims(1, 1))
    gone.close()


def test_a_ca_that_is_none_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="is no CA"):
        Webhook(WebhookExport("w", "https://127.0.0.1:1/", ca=tmp_path / "none"))


@pytest.mark.parametrize(
    ("head", "drop"), [(b"", b"H"), (b"HTTP/1.1 204 No Content\r\n", b"a: b\r\n")]
)
def test_a_url_that_drips_the_head_of_its_answer_has_no_more_time_than_another(
    head: bytes, drop: bytes
) -> None:
    with EndlessReceiver(head, drop) as receiver:
        sink = Webhook(WebhookExport("w", receiver.url), patience=0.3)
        for _ in range(2):
            with pytest.raises(DeliveryFailed, match=r"did not answer within 0\.3 seconds"):
                sink.deliver(claims(1, 1))
        sink.close()
    assert receiver.requests == 2


def test_a_url_that_drips_the_rest_of_its_answer_has_the_records() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"
    with EndlessReceiver(head, b".") as receiver:
        sink = Webhook(WebhookExport("w", receiver.url), patience=0.3)
        sink.deliver(claims(1, 1))
        sink.close()
    assert receiver.requests == 1


def test_a_connection_serves_again() -> None:
    with HookReceiver() as receiver:
        sink = Webhook(WebhookExport("w", receiver.url))
        for number in (1, 2, 3):
            sink.deliver(claims(number, number))
        sink.close()
    assert len(set(receiver.clients)) == 1


def test_a_url_that_answers_without_end_is_not_listened_to() -> None:
    """Its status is all that counts; memory and time are ours."""
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    with EndlessReceiver(head, b"1000\r\n" + bytes(4096) + b"\r\n", pause=0) as receiver:
        sink = Webhook(WebhookExport("w", receiver.url))
        for _ in range(2):
            sink.deliver(claims(1, 1))
        sink.close()
    assert receiver.requests == 2
