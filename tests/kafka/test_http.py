"""What the service says over HTTP: promtool takes it, it is true, and no client is in the service's way."""

import contextlib
import json
import socket
import subprocess
import urllib.error
import urllib.request

from broker import fetched, wait_until
from service import Service, of
from test_run import T0, audit, event, pass_by, produce_a_bit_of_all


def get(one, path, method="GET", address=None):
    """(status, text)"""
    request = urllib.request.Request(f"http://{address or one.address()}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def metrics(one):
    """By name and labels as they are written."""
    status, text = get(one, "/metrics")
    assert status == 200, text
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            found[name.removeprefix("recon_")] = float(value)
    return found


def test_metrics_are_good_for_promtool_and_true(broker, service):
    one = service(2, 2)
    produce_a_bit_of_all(broker, one)
    with one:
        one.until_published(lambda all: len(of(all, "missing")) == 20)
        broker.produce(f"{one.name}.events", [event(50, 5000)])
        one.until_published(lambda all: of(all, "found"))
        wait_until(lambda: metrics(one).get("found_total") == 1, 10, "the metrics know what is published")
        now = metrics(one)
        _, text = get(one, "/metrics")
        checked = subprocess.run([fetched("promtool") / "promtool", "check", "metrics"], input=text, capture_output=True,
                                 text=True, timeout=60)
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
        assert now["missing_total"] == 20
        assert now['stream_rejected_total{stream="events",reason="malformed"}'] == 1
        assert now['stream_rejected_total{stream="events",reason="no_id"}'] == 1
        assert now['stream_duplicates_total{stream="events"}'] == 1
        assert now['stream_messages_total{stream="audit"}'] == 202
        assert now['stream_bytes_total{stream="audit"}'] > 202 * 20
        assert now['results_total'] == len(one.published())
        assert now[f'partition_lag{{stream="audit",topic="{one.name}.audit",partition="0"}}'] == 0
        assert now["watermark_timestamp_seconds"] == (T0 + 60_000 - 2000 - 1) / 1000
        assert now["last_window_expected"] == 100
        assert now["last_window_completeness_ratio"] == 0.9
        assert now["transaction_seconds_count"] >= 2 and now["ready"] == 1
        assert now["round_seconds_count"] > 0 and now['round_seconds_bucket{le="+Inf"}'] == now["round_seconds_count"]
        assert now['round_max_seconds{snapshot="none"}'] <= now["round_seconds_sum"]
        assert now["clients_renewed_total"] == 0
        # As many series as there are partitions, however many IDs and windows.
        assert len(now) < 100
        assert "a-1" not in text and "2023" not in text
        one.stop()


def test_the_status_names_who_holds_the_watermark_and_why(broker, service):
    one = service(1, 2)
    broker.produce(f"{one.name}.audit", [audit(1, 60_000)])
    broker.produce(f"{one.name}.events", [event(1, 50_000)], partition=0)
    broker.produce(f"{one.name}.events", [event(2, 20_000)], partition=1)

    def holder():
        _, text = get(one, "/status")
        status = json.loads(text)
        found = status["watermark"]["holder"]
        return found and (found["topic"], found["partition"], status["watermark"]["time"])

    with one:
        one.until_said("running")
        want = (f"{one.name}.events", 1, "2023-11-14T22:13:37.999Z")
        wait_until(lambda: holder() == want, 20, lambda: f"{want} instead of {holder()}")
        status = json.loads(get(one, "/status")[1])
        assert "its largest event time is the lowest" in status["watermark"]["why"]
        assert "idle_timeout is never" in status["watermark"]["why"]
        assert status["phase"] == "running" and status["name"] == one.name
        [part] = [part for part in status["partitions"] if part["stream"] == "events" and part["partition"] == 1]
        assert part["time_max"] == "2023-11-14T22:13:40.000Z" and part["lag"] == 0 and part["position"] == 1
        one.stop()


def test_it_is_live_at_once_and_ready_when_it_reads(broker, service):
    one = service(1, 0)
    with one:
        one.until_said("no topic is there yet")
        assert get(one, "/health/live") == (200, "live\n")
        assert get(one, "/health/ready")[0] == 503
        wait_until(lambda: "no topic is there yet" in json.loads(get(one, "/status")[1]).get("trouble", {}).get("text", ""), 10,
                   "the status has what it waits for")
        broker.create_topic(f"{one.name}.events")
        wait_until(lambda: get(one, "/health/ready") == (200, "ready\n"), 30, "it is ready")
        assert "trouble" not in json.loads(get(one, "/status")[1])
        assert get(one, "/metrics", "POST")[0] == 405
        assert get(one, "/metrics", "HEAD") == (200, "")
        assert get(one, "/none")[0] == 404
        one.stop()


def test_an_instance_that_stands_by_says_so(broker, service, tmp_path):
    one = service()
    (tmp_path / "second").mkdir()
    with one:
        one.until_said("running")
        with Service(broker, tmp_path / "second", one.name) as two:
            wait_until(lambda: get(two, "/health/ready") == (503, "not ready: standby\n"), 20, two.said)
            assert metrics(two)["standby"] == 1 and metrics(two)["ready"] == 0
            two.stop()
        one.stop()


def test_clients_that_are_slow_many_or_long_winded_are_in_nobodys_way(broker, service):
    one = service()
    with one, contextlib.ExitStack() as stack:
        one.until_said("running")
        host, port = one.address().split(":")

        def connection():
            made = stack.enter_context(socket.create_connection((host, int(port)), timeout=30))
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            return made

        with connection() as long_winded:
            with contextlib.suppress(ConnectionError):
                for _ in range(64):
                    long_winded.sendall(b"GET /" + b"a" * 65536)
            with contextlib.suppress(ConnectionError):
                assert b" 414 " in long_winded.recv(100)
        many = [connection() for _ in range(100)]
        for made in many[:30]:  # ask, and ask again, and never read
            with contextlib.suppress(ConnectionError):
                made.sendall(b"GET /status HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        for made in many[30:60]:  # never get to the end of a request
            with contextlib.suppress(ConnectionError):
                made.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        broker.produce(f"{one.name}.audit", [audit(1, 0)])
        pass_by(broker, one, 30_000)
        one.until_published(lambda all: of(all, "missing"))
        # They are cut off after a while, and others have their turn.
        wait_until(lambda: answers(one), 40, "it answers again")
        one.stop()


def answers(one):
    try:
        return get(one, "/health/ready")[0] == 200
    except (OSError, urllib.error.URLError):
        return False


def test_a_port_that_is_taken_is_told_with_the_mend(broker, service):
    one = service()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        one.config.write_text(one.config.read_text().replace('"127.0.0.1:0"', f'"127.0.0.1:{port}"'))
        one.start()
        assert one.ended() == 2
    assert f"HTTP on 127.0.0.1, port {port}: Address already in use" in one.said()
    assert "http: {listen: ADDRESS:PORT}" in one.said()


def test_none_is_no_http(broker, service):
    one = service()
    one.config.write_text(one.config.read_text().replace('"127.0.0.1:0"', "none"))
    with one:
        one.until_said("running")
        assert "HTTP" not in one.said()
        one.stop()
