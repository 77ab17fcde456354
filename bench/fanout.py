"""Many watchers: our server and its peers under the same load rig, in turns.

    python bench/fanout.py --rig ../shared/bench --node-modules DIR [--cases fan100] [--peers NAME,…] [--reps 3]

The rig (`ws_fanout.py` and its `peers/`) is not part of Assay; without it this says so and ends. It opens the
sockets, counts what arrives (lost, twice, out of order, foreign) and reads the CPU and memory of the servers. Ours
is the deployed web server on its own PostgreSQL and Redis; events are appended by `manage.py appendevents`, so that
every one is stored, chained and delivered with all promises kept; the peers store nothing. One line per run, then
the medians with their spread.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psutil

from bench.installation import ROOT, Installation, installation, web_server

CASES: dict[str, dict[str, Any]] = {
    "fan100": {"conns": 100, "messages": 150, "rate": 50, "drain": 2},
    "multi1000": {"conns": 1000, "groups": 100, "messages": 60, "rate": 10, "drain": 3},
    "blast1": {"conns": 1, "messages": 20000, "rate": 0, "drain": 2},
    "idle2000": {"conns": 2000, "groups": 200, "publisher": "none", "settle": 20},
}
PEERS = ("channels-pubsub/uvicorn", "socketio-node/redis-adapter", "bare/uvloop")
SHOWN = (
    "up",
    "delivered",
    "delivered_per_s",
    "lost_total",
    "dup",
    "ooo",
    "lat_ms",
    "server_us_per_delivery",
    "kb_per_conn",
)


def topics_of(place: Installation, count: int) -> tuple[list[str], str]:
    """The topics of as many external jobs, and a key of their owner."""
    from accounts.credentials import issue_api_key
    from realtime import jobs
    from tests.factories import make_user

    owner = make_user()
    return [str(jobs.create(owner).topic_id) for _ in range(count)], issue_api_key(owner)[1]


def ours_apart(options: argparse.Namespace, case: str) -> dict[str, Any]:
    """One run against our server, from a process of its own: Django is set up once per process."""
    command = [sys.executable, __file__, "--one", case, "--rig", str(options.rig), "--python", options.python]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    try:
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        return {"error": (done.stderr or done.stdout)[-800:]}
    return found


def ours(options: argparse.Namespace, case: str) -> dict[str, Any]:
    """One run against our server."""
    settings = CASES[case]
    with installation() as place, web_server(place) as (url, pid), tempfile.TemporaryDirectory() as folder:
        groups = int(settings.get("groups", 1))
        topics, key = topics_of(place, groups + 1)
        warm = topics.pop()
        publishing = Path(folder, "publishing.json")
        publishing.write_text(
            json.dumps({"topics": topics, "warm": warm, "url": url, "key": key, "python": sys.executable})
        )
        users = Path(folder, "vars.jsonl")
        rows = [{"topic": topics[at % len(topics)], "key": key} for at in range(int(settings["conns"]))]
        users.write_text("\n".join(json.dumps(row) for row in rows))
        flags = {
            "url": url.replace("http", "ws", 1) + "/ws/topics/{topic}/",
            "header": "Authorization: Bearer {key}",
            "vars": str(users),
            "ready": "caught_up",
            "publisher": "py:appending:sink",
            "pub-cmd": str(publishing),
            **settings,
        }
        pids = {"server": str(pid), **engine_pids(place)}
        return rig(options, flags, pids, place.env)


def engine_pids(place: Installation) -> dict[str, str]:
    """Redis and PostgreSQL of an installation."""
    found: dict[str, str] = {}
    for process in psutil.process_iter(["name", "cmdline", "ppid"]):
        line = " ".join(process.info["cmdline"] or [])
        if process.info["name"] == "redis-server" and str(place.home) in line + str(safe_cwd(process)):
            found["redis"] = str(process.pid)
    return found


def safe_cwd(process: psutil.Process) -> str:
    """Where a process stands, if we may know."""
    try:
        return process.cwd()
    except psutil.Error:
        return ""


def rig(
    options: argparse.Namespace, flags: Mapping[str, Any], pids: Mapping[str, str], env: Mapping[str, str]
) -> dict[str, Any]:
    """Runs the rig; what it measured."""
    command = [options.python, str(options.rig / "ws_fanout.py")]
    for name, value in flags.items():
        command += [f"--{name}", str(value)]
    for name, pid in pids.items():
        command += ["--pid", f"{name}={pid}"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=dict(env), cwd=ROOT / "bench", check=False
    )
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {"error": (done.stderr or done.stdout)[-800:]}
    return found


def peers(options: argparse.Namespace, case: str, folder: Path) -> dict[str, dict[str, Any]]:
    """One run against every peer, by the rig's own matrix."""
    command = [options.python, str(options.rig / "peers" / "matrix.py"), "--work", str(folder), "--reps", "1"]
    command += ["--servers", options.peers, "--cases", case, "--out", "results.jsonl"]
    if options.node_modules:
        command += ["--node-modules", str(options.node_modules)]
    for name in ("messages", "drain"):
        if name in CASES[case]:
            command += ["--set", f"{case}.{name}={CASES[case][name]}"]
    (folder / "results.jsonl").unlink(missing_ok=True)
    subprocess.run(command, stdout=subprocess.DEVNULL, timeout=900, check=True)
    rows = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    return {row["label"].split("|")[0]: row for row in rows}


def show(name: str, case: str, found: Mapping[str, Any]) -> None:
    """One line per run."""
    kept = {key: found[key] for key in SHOWN if found.get(key) is not None}
    print(f"{case:10} {name:28} {json.dumps(kept or found)}", flush=True)


def figure(found: Mapping[str, Any]) -> dict[str, float]:
    """What is summed up."""
    latency = found.get("lat_ms") or {}
    cost = found.get("server_us_per_delivery") or {}
    figures = {
        "delivered_per_s": found.get("delivered_per_s"),
        "p99_ms": latency.get("p99"),
        "server_us": cost.get("server") if isinstance(cost, dict) else cost,
        "lost": found.get("lost_total"),
        "kb": (found.get("kb_per_conn") or {}).get("server")
        if isinstance(found.get("kb_per_conn"), dict)
        else None,
    }
    return {name: float(value) for name, value in figures.items() if value is not None}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rig", type=Path, default=ROOT.parent / "shared" / "bench")
    parser.add_argument("--python", default=sys.executable, help="one that has picows, uvloop and hiredis")
    parser.add_argument("--node-modules", type=Path)
    parser.add_argument("--cases", default="fan100,multi1000,blast1,idle2000")
    parser.add_argument("--peers", default=",".join(PEERS), help="names of the rig's matrix; empty for none")
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not (options.rig / "ws_fanout.py").exists():
        sys.exit(f"There is no load rig in {options.rig}; name its folder with --rig.")
    if options.one:
        print(json.dumps(ours(options, options.one)))
        return
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.reps):
            for case in options.cases.split(","):
                runs = {"assay": ours_apart(options, case)}
                if options.peers:
                    runs |= peers(options, case, Path(folder))
                for name, run in runs.items():
                    show(name, case, run)
                    found.setdefault((case, name), []).append(figure(run))
    for (case, name), figures in found.items():
        print(case, name, {key: summed([one[key] for one in figures if key in one]) for key in figures[0]})


def summed(values: list[float]) -> str:
    """Median, least and most."""
    return f"{statistics.median(values):g} ({min(values):g} to {max(values):g}, N {len(values)})"


if __name__ == "__main__":
    main()
