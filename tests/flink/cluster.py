"""A real Flink session cluster on loopback, as its own scripts start it, for tests and demos: one JobManager and one or more
TaskManagers, each a process; spoken to by REST.

    with Cluster(folder) as cluster:  # line="1.20": not the newest Flink
        job = cluster.submit(jar, ["--config", file])
        job.wait_for("RUNNING")
        savepoint = job.stop()
        job = cluster.submit(jar, [...], savepoint=savepoint, parallelism=2)

The processes are children of this one: the kernel kills them when this process dies, in whatever way. Logs, checkpoints and
savepoints are in the folder that it is given, which the caller removes.
"""

import json
import os
import pathlib
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "kafka"))
from broker import dies_with_parent, fetched, free_ports, stop_process, wait_until  # noqa: E402

ENDED = {"FINISHED", "FAILED", "CANCELED"}
# For whatever takes some seconds on a machine that has the time: one that has not is no fault.
LIMIT_S = 300
# Small, and quick to notice a TaskManager that is gone: it then refuses heartbeats. One that is only slow is not lost.
SETTINGS = {
    "jobmanager.rpc.address": "127.0.0.1",
    "jobmanager.bind-host": "127.0.0.1",
    "jobmanager.memory.process.size": "640m",
    "jobmanager.memory.jvm-metaspace.size": "160m",
    "jobmanager.memory.jvm-overhead.min": "64m",
    "jobmanager.memory.off-heap.size": "64m",
    "taskmanager.host": "127.0.0.1",
    "taskmanager.bind-host": "127.0.0.1",
    "taskmanager.numberOfTaskSlots": "4",
    "taskmanager.memory.process.size": "1100m",
    "taskmanager.memory.managed.size": "128m",
    "taskmanager.memory.network.min": "48m",
    "taskmanager.memory.network.max": "48m",
    "taskmanager.memory.jvm-metaspace.size": "192m",
    "taskmanager.memory.jvm-overhead.min": "96m",
    "taskmanager.memory.jvm-overhead.max": "96m",
    "taskmanager.memory.framework.off-heap.size": "64m",
    "rest.address": "127.0.0.1",
    "rest.bind-address": "127.0.0.1",
    "heartbeat.interval": "500",
    "heartbeat.timeout": "300000",
    "pekko.ask.timeout": "5 min",
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": "1000000",
    "restart-strategy.fixed-delay.delay": "200ms",
    "slot.request.timeout": "300000",
    "execution.checkpointing.interval": "1s",
    "web.refresh-interval": "500",
    "metrics.fetcher.update-interval": "500",
}
# On machines of few cores a JVM does best without a thread for each thing.
JAVA_OPTIONS = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto"


class Cluster:
    def __init__(self, folder, settings=(), task_managers=1, java_options=JAVA_OPTIONS, line="2.2"):
        self.folder = pathlib.Path(folder)
        self.line = line
        self.settings = {**SETTINGS, **dict(settings)}
        self.java_options = java_options
        self.count = task_managers
        self.job_manager = None
        self.task_managers = []
        self.jars = {}

    def __enter__(self):
        self.home = fetched(f"flink-{self.line}")
        self.conf = self.folder / "conf"
        self.conf.mkdir(parents=True, exist_ok=True)
        for name in ("log", "pid", "tmp"):
            (self.folder / name).mkdir(exist_ok=True)
        for name in ("log4j-console.properties", "log4j-cli.properties"):
            (self.conf / name).write_text((self.home / "conf" / name).read_text())
        for attempt in range(3):  # a port may be taken between the look and the use
            self.rest_port, rpc_port, blob_port = free_ports(3)
            settings = {
                **self.settings, "jobmanager.rpc.port": rpc_port, "rest.port": self.rest_port,
                "blob.server.port": blob_port,
                "rest.bind-port": self.rest_port, "io.tmp.dirs": self.folder / "tmp",
                "web.upload.dir": self.folder / "tmp", "execution.checkpointing.dir": f"file://{self.folder}/checkpoints",
                "execution.checkpointing.savepoint-dir": f"file://{self.folder}/savepoints"}
            # What the JVM must open to Flink is in the settings that it comes with, under env.java.opts.all.
            opens = next(line.split("all:", 1)[1].strip() for line in (self.home / "conf/config.yaml").read_text().splitlines()
                         if line.strip().startswith("all:"))
            settings["env.java.opts.all"] = f"{opens} {self.java_options}"
            (self.conf / "config.yaml").write_text("".join(
                f"{key}: {json.dumps(str(value))}\n" for key, value in settings.items()))
            try:
                self.job_manager = self._run("jobmanager.sh")
                for _ in range(self.count):
                    self.add_task_manager()
                self._wait_for_rest()
                break
            except RuntimeError:
                self.__exit__()
                if attempt == 2:
                    raise
        self.wait_for_slots(self.count * int(self.settings["taskmanager.numberOfTaskSlots"]))
        return self

    def __exit__(self, *_):
        for process in self.task_managers:
            process.kill()
        stop_process(self.job_manager, 5)
        for process in self.task_managers:
            process.wait()
        self.task_managers = []

    def _run(self, script):
        name = f"{script.split('.')[0]}-{uuid.uuid4().hex[:6]}"
        environment = {
            **os.environ, "FLINK_HOME": str(self.home), "FLINK_CONF_DIR": str(self.conf),
            "FLINK_LOG_DIR": str(self.folder / "log"), "FLINK_PID_DIR": str(self.folder / "pid"),
            "FLINK_IDENT_STRING": name}
        with open(self.folder / "log" / f"{name}.console", "wb") as log:
            process = subprocess.Popen(
                ["bash", self.home / "bin" / script, "start-foreground"], env=environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, cwd=self.folder, preexec_fn=dies_with_parent)
        process.console = self.folder / "log" / f"{name}.console"
        return process

    def _wait_for_rest(self):
        def answers():
            if self.job_manager.poll() is not None:
                raise RuntimeError(f"the JobManager ended:\n{self.job_manager.console.read_text()[-3000:]}")
            try:
                return self.get("/overview")
            except (OSError, RefusedError):  # the latter while it elects itself
                return None

        wait_until(answers, LIMIT_S, "the JobManager answers")

    # --- TaskManagers ---------------------------------------------------------------------------------------------

    def add_task_manager(self):
        self.task_managers.append(self._run("taskmanager.sh"))

    def kill_task_manager(self):
        """kill -9 of the oldest one; returns its process id."""
        process = self.task_managers.pop(0)
        process.kill()
        process.wait()
        return process.pid

    def wait_for_slots(self, count):
        def there():
            for process in self.task_managers:
                if process.poll() is not None:
                    raise RuntimeError(f"a TaskManager ended:\n{process.console.read_text()[-3000:]}")
            return self.get("/overview")["slots-total"] >= count

        wait_until(there, LIMIT_S, f"{count} slots")

    def log_text(self):
        """All that its processes logged."""
        return "\n".join(path.read_text(errors="replace") for path in sorted((self.folder / "log").glob("*.log")))

    # --- REST -----------------------------------------------------------------------------------------------------

    def request(self, method, path, body=None, content_type="application/json"):
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.rest_port}{path}", body, method=method)
        if body is not None:
            request.add_header("Content-Type", content_type)
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace").replace("\\n", "\n")
            causes = [line for line in text.splitlines() if line.startswith("Caused by")]
            raise RefusedError(f"{method} {path}: {error.code} " + ("\n".join(causes) or text)) from None
        return json.loads(text) if text else None

    def get(self, path):
        return self.request("GET", path)

    def upload(self, jar):
        """The name that the cluster gives the jar; uploads it once."""
        jar = pathlib.Path(jar)
        key = (jar, jar.stat().st_mtime_ns)
        if key not in self.jars:
            boundary = uuid.uuid4().hex
            head = (f"--{boundary}\r\nContent-Disposition: form-data; name=\"jarfile\"; filename=\"{jar.name}\"\r\n"
                    "Content-Type: application/x-java-archive\r\n\r\n")
            body = head.encode() + jar.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
            answer = self.request("POST", "/jars/upload", body, f"multipart/form-data; boundary={boundary}")
            self.jars[key] = answer["filename"].rsplit("/", 1)[1]
        return self.jars[key]

    def command(self, *arguments):
        """`flink ARGUMENTS` as a user of this cluster has it; the process when it has ended, with its output as text."""
        return subprocess.run(
            ["bash", self.home / "bin/flink", *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=LIMIT_S, cwd=self.folder, env={
                **os.environ, "FLINK_HOME": str(self.home), "FLINK_CONF_DIR": str(self.conf),
                "FLINK_LOG_DIR": str(self.folder / "log")})

    def submit(self, jar, arguments=(), parallelism=1, savepoint=None, entry_class=None, configuration=None):
        body = {"programArgsList": list(map(str, arguments)), "parallelism": parallelism}
        if savepoint:
            body["savepointPath"] = str(savepoint)
        if entry_class:
            body["entryClass"] = entry_class
        if configuration:
            body["flinkConfiguration"] = configuration
        answer = self.request("POST", f"/jars/{self.upload(jar)}/run", body)
        return self.job(answer["jobid"])

    def job(self, identifier):
        return Job(self, identifier)


class RefusedError(Exception):
    """The cluster answered with an error; its text is the cluster's."""


class Job:
    def __init__(self, cluster, identifier):
        self.cluster = cluster
        self.id = identifier

    def get(self, path=""):
        return self.cluster.get(f"/jobs/{self.id}{path}")

    def state(self):
        return self.get()["state"]

    def failure(self):
        """The stack trace of what it failed with last, or an empty text."""
        entries = self.get("/exceptions").get("exceptionHistory", {}).get("entries", [])
        return entries[0]["stacktrace"] if entries else ""

    def wait_for(self, state, seconds=LIMIT_S):
        def there():
            now = self.state()
            if now == state:
                return True
            if now in ENDED:
                raise RuntimeError(f"the job is {now}, not {state}: {self.failure()}")
            return False

        wait_until(there, seconds, lambda: f"the job is {state}; it is {self.state()}: {self.failure()}")

    def wait_for_running(self, seconds=LIMIT_S):
        """All of its tasks run."""
        def there():
            job = self.get()
            if job["state"] in ENDED:
                raise RuntimeError(f"the job is {job['state']}: {self.failure()}")
            return all(vertex["status"] == "RUNNING" for vertex in job["vertices"])

        wait_until(there, seconds, lambda: f"all tasks run: {self.failure()}")

    def last_restart(self):
        """When it was last started again, ms; 0: never."""
        return max(self.get()["timestamps"]["RESTARTING"], 0)

    def metric(self, name):
        [value] = self.get(f"/metrics?get={name}")
        return int(float(value["value"]))

    def vertex_metrics(self, suffix):
        """Values of all metrics of all subtasks whose name ends like this: {vertex name: {metric name: value}}."""
        found = {}
        for vertex in self.get()["vertices"]:
            path = f"/vertices/{vertex['id']}/metrics"
            names = [metric["id"] for metric in self.get(path) if metric["id"].endswith(suffix)]
            if names:
                values = self.get(f"{path}?get={urllib.parse.quote(','.join(names))}")
                found[vertex["name"]] = {one["id"]: one["value"] for one in values}
        return found

    def checkpoints(self):
        """How many were completed."""
        return self.get("/checkpoints")["counts"]["completed"]

    def last_checkpoint(self):
        """Where the last completed one is."""
        return self.get("/checkpoints")["latest"]["completed"]["external_path"]

    def wait_for_checkpoint(self, more=1, seconds=LIMIT_S):
        before = self.checkpoints()
        wait_until(lambda: self.checkpoints() >= before + more, seconds,
                   lambda: f"{more} more checkpoints: {self.failure()}")

    def _trigger(self, path, body):
        answer = self.cluster.request("POST", f"/jobs/{self.id}{path}", body)
        state = wait_until(lambda: self._ended(f"/savepoints/{answer['request-id']}"), LIMIT_S, "the savepoint")
        if "failure-cause" in state:
            raise RuntimeError(state["failure-cause"]["stack-trace"])
        return state["location"]

    def _ended(self, path):
        state = self.get(path)
        return state["operation"] if state["status"]["id"] == "COMPLETED" else None

    def savepoint(self):
        return self._trigger("/savepoints", {})

    def stop(self, drain=False):
        """Stops with a savepoint, and returns where it is."""
        place = self._trigger("/stop", {"drain": drain})
        self.wait_for("FINISHED")
        return place

    def cancel(self):
        if self.state() not in ENDED:
            self.cluster.request("PATCH", f"/jobs/{self.id}?mode=cancel")
            wait_until(lambda: self.state() in ENDED, LIMIT_S, "the job ends")
