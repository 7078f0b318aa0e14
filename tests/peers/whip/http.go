// SPDX-License-Identifier: MIT
// HTTP as SRS speaks it on its API port: the same URLs, the same status lines and headers in the same order, header and
// body in two writes, a connection each (without --keep-alive). The bytes are written by hand, for net/http sorts headers.
//
//	POST    /rtc/v1/whip/?app=live&stream=NAME[&ice-ufrag=..][&ice-pwd=..]   an offer that publishes; 201 and the answer
//	POST    /rtc/v1/whep/?...                                               an offer that plays
//	DELETE  what Location says                                              200, also for a session of another server
//	POST    /rtc/v1/publish/, /rtc/v1/play/                                 the same in JSON: streamurl and sdp; 200
//	GET     /api/v1/versions                                                who it is
//	GET     /APP/NAME.flv                                                    200 and how an FLV begins if NAME is published, else 404
//	GET     /stats[?reset=1]                                                stats.go; not SRS's
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	srs          = "SRS/7.0.18(pion)"
	largestOffer = 1 << 20
	flvHeader    = "FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"
	cors         = "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: *\r\nAccess-Control-Allow-Methods: *\r\n" +
		"Access-Control-Expose-Headers: *\r\nAccess-Control-Allow-Credentials: false\r\n" +
		"Access-Control-Request-Private-Network: true\r\n"
)

// reply is what goes out. An empty one: the connection is closed without a word.
type reply struct {
	status   string
	typed    string // Content-Type
	location string
	body     []byte
}

func (s *server) listen(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		exitOn(err)
		go s.serve(connection)
	}
}

func (s *server) serve(connection net.Conn) {
	defer connection.Close()
	reader := bufio.NewReader(connection)
	for {
		connection.SetReadDeadline(time.Now().Add(30 * time.Second))
		request, err := http.ReadRequest(reader)
		if err != nil {
			return
		}
		body, err := io.ReadAll(io.LimitReader(request.Body, largestOffer))
		if err != nil {
			return
		}
		r := s.answer(request, body)
		if r.status == "" {
			return
		}
		keep := s.keepAlive && !request.Close
		connection.Write(r.header(keep, request.Header.Get("Origin") != ""))
		if len(r.body) > 0 {
			connection.Write(r.body)
		}
		if !keep {
			return
		}
	}
}

func (r reply) header(keep, hasOrigin bool) []byte {
	var to bytes.Buffer
	length := fmt.Sprintf("Content-Length: %d\r\n", len(r.body))
	fmt.Fprintf(&to, "HTTP/1.1 %s\r\nConnection: %s\r\n", r.status, map[bool]string{true: "Keep-Alive", false: "Close"}[keep])
	if hasOrigin {
		to.WriteString(cors)
	}
	if r.location == "" {
		to.WriteString(length)
	}
	if r.typed != "" {
		fmt.Fprintf(&to, "Content-Type: %s\r\n", r.typed)
	}
	if r.location != "" {
		fmt.Fprintf(&to, "Location: %s\r\n%s", r.location, length)
	}
	fmt.Fprintf(&to, "Server: %s\r\n\r\n", srs)
	return to.Bytes()
}

func (s *server) answer(request *http.Request, body []byte) reply {
	query := request.URL.Query()
	path := strings.TrimSuffix(request.URL.Path, "/")
	switch {
	case request.Method == http.MethodOptions:
		return reply{status: "200 OK"}
	case path == "/rtc/v1/whip" || path == "/rtc/v1/whep":
		if request.Method == http.MethodDelete || query.Get("action") == "delete" {
			s.remove(request.URL)
			return reply{status: "200 OK"}
		}
		return s.whip(wish{kind: strings.TrimPrefix(path, "/rtc/v1/"), stream: query.Get("stream"), ufrag: query.Get("ice-ufrag"),
			pwd: query.Get("ice-pwd"), offer: string(body)}, query.Get("app"))
	case path == "/rtc/v1/publish" || path == "/rtc/v1/play":
		return s.legacy(map[string]string{"publish": "whip", "play": "whep"}[strings.TrimPrefix(path, "/rtc/v1/")], query, body)
	case path == "/api/v1/versions":
		return reply{status: "200 OK", typed: "application/json", body: []byte(s.begun() + `,"data":{"version":"7.0.18"}}`)}
	case path == "/stats":
		line, err := json.Marshal(s.stats(query.Get("reset") == "1"))
		exitOn(err)
		return reply{status: "200 OK", typed: "application/json", body: line}
	}
	if name := strings.TrimSuffix(path, ".flv"); name != path && s.isPublished(name[strings.LastIndex(name, "/")+1:]) {
		return reply{status: "200 OK", typed: "video/x-flv", body: []byte(flvHeader)}
	}
	return reply{status: "404 Not Found"}
}

// refused is what an offer gets that is not answered.
func refused(err error) reply {
	switch err {
	case errUfrag:
		return reply{}
	case errBusy:
		return reply{status: "409 Conflict", typed: "text/plain", body: []byte(err.Error())}
	}
	return reply{status: "400 Bad Request", typed: "text/plain", body: []byte(err.Error())}
}

func (s *server) whip(w wish, app string) reply {
	who, answer, err := s.open(w)
	if err != nil {
		return refused(err)
	}
	location := fmt.Sprintf("/rtc/v1/whip/?action=delete&token=%s&app=%s&stream=%s&session=%s", who.token, app, w.stream,
		who.username)
	return reply{status: "201 Created", typed: "application/sdp", location: location, body: []byte(answer)}
}

func (s *server) legacy(kind string, query url.Values, body []byte) reply {
	var asked struct{ Sdp, Streamurl string }
	if err := json.Unmarshal(body, &asked); err != nil {
		return refused(err)
	}
	stream := asked.Streamurl[strings.LastIndex(asked.Streamurl, "/")+1:]
	who, answer, err := s.open(wish{kind: kind, stream: strings.SplitN(stream, "?", 2)[0], ufrag: query.Get("ice-ufrag"),
		pwd: query.Get("ice-pwd"), offer: asked.Sdp})
	if err != nil {
		return refused(err)
	}
	sdp, err := json.Marshal(answer)
	exitOn(err)
	return reply{status: "200 OK", typed: "application/json",
		body: []byte(fmt.Sprintf(`%s,"sdp":%s,"sessionid":"%s"}`, s.begun(), sdp, who.username))}
}

// begun is how SRS's JSON begins.
func (s *server) begun() string {
	return fmt.Sprintf(`{"code":0,"server":"%s","service":"%s","pid":"%d"`, s.name, s.service, os.Getpid())
}

// remove looks at the raw query: `+` of an ufrag is no blank in it.
func (s *server) remove(from *url.URL) {
	asked := map[string]string{}
	for _, pair := range strings.Split(from.RawQuery, "&") {
		if key, value, found := strings.Cut(pair, "="); found {
			if plain, err := url.PathUnescape(value); err == nil {
				asked[key] = plain
			}
		}
	}
	s.mu.Lock()
	who := s.byUsername[asked["session"]]
	s.mu.Unlock()
	if who != nil && who.token == asked["token"] {
		s.end(who, "deleted")
	}
}
