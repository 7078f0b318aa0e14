# SPDX-License-Identifier: MIT
"""A real media server: nginx with Debian's RTMP module, and files over HTTP. One per backend."""
import collections
import xml.etree.ElementTree as xml
from urllib.parse import parse_qs

from .child import Child

RTMP_PORT, WEB_PORT, API_PORT, NOTIFY_PORT, PROXIED_PORT = 1935, 8080, 1985, 8099, 8081
BODY_BYTES = 2_000_000

_CONFIG = """
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off; user root; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
rtmp {{
  log_format session '$msec $remote_addr $app $name $bytes_received $bytes_sent';
  access_log {folder}/rtmp.log session;
  server {{
    listen {rtmp}; listen [::]:{rtmp} ipv6only=on;
    application live {{
      live on; wait_key on; wait_video on; notify_method get;
      on_publish http://127.0.0.1:{notify}/publish; on_play http://127.0.0.1:{notify}/play;
    }}
    application show {{
      live on; wait_key on; wait_video on;
      hls on; hls_path {folder}/www/show; hls_fragment 1s; hls_playlist_length 60s;
      record all; record_path {folder}/recorded;
    }}
  }}
}}
http {{
  client_body_temp_path {folder}/tmp1; proxy_temp_path {folder}/tmp2; fastcgi_temp_path {folder}/tmp3;
  uwsgi_temp_path {folder}/tmp4; scgi_temp_path {folder}/tmp5;
  access_log off; default_type application/octet-stream; root {folder}/www; keepalive_timeout 300;
  large_client_header_buffers 4 32k;
  log_format event '$msec $uri $args';
  log_format proxied '{told}';
  log_format peer '$msec $remote_addr:$remote_port $status $body_bytes_sent';
  server {{
    listen {api}; listen [::]:{api} ipv6only=on;
    location = /api/v1/versions {{ default_type application/json; return 200 '{{"code":0,"server":"{name}"}}\\n'; }}
    location = /stat {{ rtmp_stat all; }}
  }}
  server {{
    listen {web} backlog=4096; listen [::]:{web} ipv6only=on backlog=4096;
    access_log {folder}/web.log peer;
    location = /who {{ default_type text/plain; return 200 "{name}\\n"; }}
    location = /from {{ default_type text/plain; return 200 "$remote_addr\\n"; }}
    location / {{ }}
  }}
  server {{
    listen {proxied} proxy_protocol backlog=4096; listen [::]:{proxied} proxy_protocol ipv6only=on backlog=4096;
    access_log {folder}/proxied.log proxied; client_max_body_size 0;
    location = /seen {{ default_type text/plain; return 200 "{told}\n"; }}
    location /put/ {{ dav_methods PUT; create_full_put_path on; }}
    location / {{ }}
  }}
  server {{
    listen 127.0.0.1:{notify}; access_log {folder}/events.log event;
    location / {{ return 204; }}
  }}
}}
"""

# Whom a PROXY header names: the client and the VIP.
_TOLD = "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port"

Event = collections.namedtuple("Event", "at_s call stream address")  # at_s: Unix time
Streams = collections.namedtuple("Streams", "publishers players received_bytes")


class Nginx:
    """Serves on every address of `space`; ready when the constructor returns.

    RTMP  applications live and show on 1935; live notifies itself of each publish and play, hence events(); show is HLS, too,
          and recorded
    web   8080: /body (BODY_BYTES of random bytes in `body`), /who (its name), /from (whom it sees), www/ for more files; HLS:
          /show/STREAM.m3u8
    proxied  8081, only with a PROXY header: files as on 8080; /seen, what the header says; PUT /put/NAME keeps a file in www/put
    API   1985: /api/v1/versions for health checks, /stat
    """

    def __init__(self, run, space, body=None):
        self.run, self.space, self.name = run, space, space.name
        self.folder = run.path(f"nginx-{self.name}")
        self.www = self.folder / "www"
        self.www.mkdir(parents=True)
        (self.folder / "recorded").mkdir()
        self.body = body or random_body()
        (self.www / "body").write_bytes(self.body)
        self.config_path = self.folder / "nginx.conf"
        self.config_path.write_text(_CONFIG.format(folder=self.folder, name=self.name, rtmp=RTMP_PORT, web=WEB_PORT,
                                                   api=API_PORT, notify=NOTIFY_PORT, proxied=PROXIED_PORT, told=_TOLD))
        self.child = None
        self.start()

    def start(self):
        words = ["/usr/sbin/nginx", "-p", self.folder, "-c", self.config_path, "-e", self.folder / "error.log"]
        self.child = Child(self.run, f"nginx-{self.name}", words, self.space)
        self.child.wait_until(lambda: self._curl("/api/v1/versions").returncode == 0, "it answered")

    def stop(self):
        return self.child.stop()

    def streams(self):
        """{stream: Streams(publishers, players, received_bytes)} that it carries now. A host that is gone still believes in its own."""
        found = {}
        for stream in xml.fromstring(self._curl("/stat").stdout).iter("stream"):
            clients = stream.findall("client")
            publishers = sum(c.find("publishing") is not None for c in clients)
            found[stream.findtext("name")] = Streams(publishers, len(clients) - publishers,
                                                     int(stream.findtext("bytes_in")))
        return found

    def playable(self):
        """Names of the streams that have been published to `show` and can be played over HTTP."""
        return {path.stem for path in (self.www / "show").glob("*.m3u8")}

    def recording(self, stream):
        """The file of what was published to `show` under that name. Written to its end when the publisher has left."""
        return self.folder / "recorded" / f"{stream}.flv"

    def carries(self):
        """Streams over all streams together."""
        each = list(self.streams().values())
        return Streams(*(sum(column) for column in zip(*each))) if each else Streams(0, 0, 0)

    def events(self, call=None, stream=None):
        """Every accepted publish and play since its start, in order; call "publish" or "play"."""
        path = self.folder / "events.log"
        lines = path.read_text().splitlines() if path.exists() else []
        events = []
        for line in lines:
            at_s, uri, arguments = line.split(" ", 2)
            asked = parse_qs(arguments)
            events.append(Event(float(at_s), uri[1:], asked["name"][0], asked["addr"][0]))
        return [e for e in events if call in (None, e.call) and stream in (None, e.stream)]

    def web_requests(self):
        """How many requests its web server has answered."""
        path = self.folder / "web.log"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def told(self):
        """What the PROXY headers of the requests so far said: (client, its port, VIP, its port), as text."""
        path = self.folder / "proxied.log"
        return [tuple(line.split()) for line in path.read_text().splitlines()] if path.exists() else []

    def _curl(self, path):
        return self.space.call("curl", "-sf", "--noproxy", "*", "-m", 5, f"http://127.0.0.1:{API_PORT}{path}",
                               check=False)


def random_body(_cache=[]):
    """The same BODY_BYTES each time."""
    if not _cache:
        with open("/dev/urandom", "rb") as source:
            _cache.append(source.read(BODY_BYTES))
    return _cache[0]
