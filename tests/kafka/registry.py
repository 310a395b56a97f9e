"""A real schema registry on loopback (Apicurio Registry's Confluent-compatible interface, in memory), and a gate in front of
it that can be shut, ask for a password, speak TLS, or not know `format=resolved`.

    with Registry(folder) as registry, Gate(registry) as gate:
        registry.client().register_schema(...)
        ... gate.url ...
"""

import http.client
import http.server
import pathlib
import ssl
import subprocess
import threading

from confluent_kafka.schema_registry import SchemaRegistryClient

from broker import dies_with_parent, fetched, free_ports, stop_process, wait_until

PATH = "/apis/ccompat/v7"


class Registry:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        [jar] = fetched("registry").glob("*-runner.jar")
        [self.port] = free_ports(1)
        with open(self.folder / "registry.log", "wb") as log:
            self.process = subprocess.Popen(
                ["java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Dquarkus.http.port={self.port}",
                 "-Dquarkus.http.host=127.0.0.1", "-jar", jar],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, preexec_fn=dies_with_parent)
        wait_until(self.answers, 90, lambda: (self.folder / "registry.log").read_text()[-3000:])
        return self

    def __exit__(self, *_):
        stop_process(self.process)

    def answers(self):
        assert self.process.poll() is None, (self.folder / "registry.log").read_text()[-3000:]
        try:
            return self.get("/subjects")[0] == 200
        except OSError:
            return False

    def get(self, path):
        """(status, content type, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", PATH + path)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type") or "", answer.read()
        finally:
            connection.close()

    def client(self):
        return SchemaRegistryClient({"url": f"http://127.0.0.1:{self.port}{PATH}"})


class Gate:
    """Hands requests on to the registry; counts them. Shut: nobody listens on the port."""

    def __init__(self, registry, authorization=None, certificate=None, knows_resolved=True, opens=True):
        self.registry = registry
        self.authorization = authorization
        self.certificate = certificate
        self.knows_resolved = knows_resolved
        self.opens = opens
        self.asked = []
        self.server = None
        [self.port] = free_ports(1)

    @property
    def url(self):
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self):
        if self.opens:
            self.open()
        return self

    def __exit__(self, *_):
        self.shut()

    def shut(self):
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def open(self):
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                gate.asked.append(self.path)
                status, kind, body = gate.answer(self.path, self.headers.get("Authorization"))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def answer(self, path, authorization):
        if authorization != self.authorization:
            return 401, "text/plain", b"who are you?"
        if "format=resolved" in path and not self.knows_resolved:
            return 501, "text/plain", b"not here"
        return self.registry.get(path)
