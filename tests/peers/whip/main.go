// SPDX-License-Identifier: MIT
// whip-server: a WHIP and WHEP server that behaves as SRS does where a balancer can tell, on Debian's pion. Players get
// the RTP of the publisher of their stream. It prints a JSON object a line (tell.go).
//
//	whip-server --udp ADDRESS:PORT --http ADDRESS:PORT [--candidate ADDRESS:PORT] [--name NAME] [--video h264|vp8]
//	            [--keep-alive] [--check-integrity] [--idle-ms N]
//
//	--udp              one port for STUN, DTLS and media of all sessions
//	--candidate        where answers send clients; else the address of --udp
//	--video            the one video codec that is answered (the audio codec is Opus)
//	--keep-alive       HTTP connections stay open; SRS closes each after its answer
//	--check-integrity  a Binding request with a wrong MESSAGE-INTEGRITY gets no answer; SRS does not look
//	--idle-ms          a session from whose addresses nothing came for so long is over; SRS: 30,000
//
// SIGUSR1 prints the statistics, as `GET /stats` answers them (stats.go). SIGTERM, SIGINT: exit 0; 2 usage.
//
// As SRS: ICE-lite; a session is found by the whole STUN USERNAME, then by the address that a Binding request with that
// USERNAME came from, all of which stay valid; the latest is where it sends to. What comes from any other address, or
// names an unknown USERNAME, is dropped without an answer. URLs, status lines, headers and their two writes (http.go).
// Unlike SRS: the SDP is pion's; its ICE agent sees one constant peer (pipe.go), and so it has no say; one handshake
// a session; retransmissions are pion's; no RTMP; a stream with a publisher refuses a second one with 409.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type options struct {
	name           string
	candidate      netip.AddrPort
	video          string
	keepAlive      bool
	checkIntegrity bool
	idle           time.Duration
}

func main() {
	var o options
	udp := flag.String("udp", "", "ADDRESS:PORT")
	web := flag.String("http", "", "ADDRESS:PORT")
	candidate := flag.String("candidate", "", "ADDRESS:PORT")
	idleMs := flag.Int("idle-ms", 30_000, "N")
	flag.StringVar(&o.name, "name", "whip", "NAME")
	flag.StringVar(&o.video, "video", "h264", "h264 or vp8")
	flag.BoolVar(&o.keepAlive, "keep-alive", false, "")
	flag.BoolVar(&o.checkIntegrity, "check-integrity", false, "")
	flag.Parse()
	if *candidate == "" {
		*candidate = *udp
	}
	o.idle = time.Duration(*idleMs) * time.Millisecond
	listenAt, err := netip.ParseAddrPort(*udp)
	if err == nil {
		o.candidate, err = netip.ParseAddrPort(*candidate)
	}
	if err != nil || *web == "" || flag.NArg() != 0 || videoCodecs[o.video].MimeType == "" {
		fmt.Fprintln(os.Stderr, "whip-server: usage as in the head of main.go:", err)
		os.Exit(2)
	}

	socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(listenAt))
	exitOn(err)
	listener, err := net.Listen("tcp", *web)
	exitOn(err)
	server := newServer(o, socket)
	go server.receive()
	go server.endIdle()
	go server.listen(listener)
	tell("ready", fields{"name": o.name, "udp": *udp, "http": *web, "candidate": *candidate})

	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGTERM, syscall.SIGINT)
	for number := range signals {
		if number != syscall.SIGUSR1 {
			return
		}
		tell("stats", server.stats(false))
	}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "whip-server:", err)
		os.Exit(1)
	}
}
