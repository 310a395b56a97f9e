"""How long `recon run` pauses while it writes a snapshot of very many IDs: the longest of its rounds, between two looks at what
came, with a snapshot under way and without, as /metrics tells them. Messages keep coming meanwhile. And what it takes of memory.

    pause.py [--tiny] [--build build/release] [--ids 20000000] [--id-bytes 36] [--matched 0.5]

First the audit records alone are read, so that all IDs wait for their events; then half of the events or another share, so that
as many are matched while snapshots are made of both. Prints figures; judges nothing.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/kafka"))
sys.path.insert(0, str(ROOT / "bench/kafka"))

from broker import Broker, wait_until  # noqa: E402
from run import Service  # noqa: E402

T0 = 1_700_000_000_000
PARTITIONS = 2


def write(broker, topic, numbers, id_size):
    """By kcat, which is faster at it than Python's client."""
    kcat = subprocess.Popen(["kcat", "-P", "-b", broker.address, "-t", topic, "-X", "queue.buffering.max.messages=1000000",
                             "-X", "enable.idempotence=true"], stdin=subprocess.PIPE)
    lines = []
    count = 0
    for number in numbers:
        count += 1
        lines.append(f'{{"id":"{number:0{id_size}d}","time":{T0 + number // 100}}}\n')
        if len(lines) == 10_000:
            kcat.stdin.write("".join(lines).encode())
            lines = []
    kcat.stdin.write("".join(lines).encode())
    kcat.stdin.close()
    assert kcat.wait(600) == 0
    return count


def metrics(service):
    with urllib.request.urlopen(f"http://{service.address}/metrics", timeout=30) as answer:
        lines = [line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#")]
    return {name.removeprefix("recon_"): float(value) for name, value in lines}


def until_read(service, count):
    def is_read():
        now = metrics(service)
        return sum(now[f'stream_messages_total{{stream="{stream}"}}'] for stream in ("audit", "events")) == count

    wait_until(is_read, 1200, lambda: metrics(service))


def until_snapshots(service, state, count):
    """Until so many more are whole."""
    names = {path.name for path in state.glob("*.snapshot")}
    seen = set()

    def are_made():
        seen.update(path.name for path in state.glob("*.snapshot"))
        return len(seen - names) >= count

    wait_until(are_made, 600, service.log.read_text)


def resident(service):
    """MiB."""
    status = pathlib.Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def tell(service, state, what):
    now = metrics(service)
    newest = max((path.stat().st_size for path in state.glob("*.snapshot")), default=0)
    longest = {snapshot: now[f'round_max_seconds{{snapshot="{snapshot}"}}'] * 1000 for snapshot in ("under_way", "none")}
    over = now["round_seconds_count"] - now['round_seconds_bucket{le="0.1"}']
    print(f"{what}: {now['identities'] / 1e6:.2f} million IDs, {now['pending'] / 1e6:.2f} of them pending; snapshot {newest / 1e6:.0f} MB; "
          f"longest round {longest['under_way']:.0f} ms with a snapshot under way, {longest['none']:.0f} ms without; "
          f"{over:.0f} of {now['round_seconds_count']:.0f} over 100 ms; {resident(service):.0f} MiB resident, of which the engine holds "
          f"{now['memory_bytes'] / 2**20:.0f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--ids", type=int, default=20_000_000)
    parser.add_argument("--id-bytes", type=int, default=1, help="of an ID, or as many as its digits")
    parser.add_argument("--matched", type=float, default=0.5, help="of the IDs, in the end")
    parser.add_argument("--tiny", action="store_true", help="seconds, for tests: the figures mean nothing")
    options = parser.parse_args()
    ids = 20_000 if options.tiny else options.ids
    with tempfile.TemporaryDirectory(prefix="recon-bench-") as folder, Broker(pathlib.Path(folder) / "broker") as broker:
        for stream in ("audit", "events"):
            broker.create_topic(f"pause.{stream}", PARTITIONS)
        began = time.monotonic()
        total = write(broker, "pause.audit", range(ids), options.id_bytes)
        print(f"{ids} audit records written in {time.monotonic() - began:.0f} s", flush=True)
        state = pathlib.Path(folder) / "pause.state"
        service = Service(pathlib.Path(options.build) / "recon", broker, pathlib.Path(folder), "pause", "pause", interval="10m",
                          n="30d", retention="60d", snapshot="1s" if options.tiny else "15s")
        until_read(service, total)
        total += write(broker, "pause.events", range(0, ids, 100), options.id_bytes)
        until_snapshots(service, state, 1)
        until_read(service, total)
        tell(service, state, "all wait")
        total += write(broker, "pause.events", (one for one in range(int(ids * options.matched)) if one % 100), options.id_bytes)
        until_read(service, total)
        until_snapshots(service, state, 1)
        tell(service, state, f"{options.matched:.0%} are matched")
        service.stop()


if __name__ == "__main__":
    main()
