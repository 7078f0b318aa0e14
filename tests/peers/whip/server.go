// SPDX-License-Identifier: MIT
// The sessions of one server, and the UDP port that they share. First bytes as in RFC 7983.
package main

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/stun"
)

const largestDatagram = 2048

type server struct {
	options
	socket  *net.UDPConn
	service string // changes with each start, as SRS's does

	mu         sync.Mutex // guards what follows, and the fields of sessions that say so
	byUsername map[string]*session
	byAddress  map[netip.AddrPort]*session
	streams    map[string]*stream
	ended      []*session
	strays     map[string]uint64 // kind of packet: how many came for nobody
}

func newServer(o options, socket *net.UDPConn) *server {
	return &server{options: o, socket: socket, service: randomText(8), byUsername: map[string]*session{},
		byAddress: map[netip.AddrPort]*session{}, streams: map[string]*stream{}, strays: map[string]uint64{}}
}

func (s *server) receive() {
	buffer := make([]byte, largestDatagram)
	for {
		size, from, err := s.socket.ReadFromUDPAddrPort(buffer)
		if err != nil {
			continue // an ICMP error of what was sent before
		}
		s.take(append([]byte(nil), buffer[:size]...), netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
	}
}

func kindOf(packet []byte) string {
	switch {
	case len(packet) == 0:
		return "other"
	case packet[0] < 4:
		return "stun"
	case packet[0] >= 20 && packet[0] < 64:
		return "dtls"
	case packet[0] >= 128 && packet[0] < 192:
		return "media"
	}
	return "other"
}

func (s *server) take(packet []byte, from netip.AddrPort) {
	kind := kindOf(packet)
	if kind == "stun" {
		s.takeStun(packet, from)
		return
	}
	s.mu.Lock()
	owner := s.byAddress[from]
	if owner == nil {
		s.strays[kind]++
	} else {
		owner.count(packet, kind)
	}
	s.mu.Unlock()
	if owner != nil {
		owner.pipe.toPion(packet)
	}
}

func (s *server) takeStun(packet []byte, from netip.AddrPort) {
	request := &stun.Message{Raw: packet}
	var username stun.Username
	isRequest := request.Decode() == nil && request.Type == stun.BindingRequest && username.GetFrom(request) == nil
	s.mu.Lock()
	owner := s.byUsername[username.String()]
	if !isRequest || owner == nil || s.checkIntegrity && owner.integrity().Check(request) != nil {
		s.strays["stun"]++
		s.mu.Unlock()
		return
	}
	s.byAddress[from] = owner
	moved, before := owner.seenAt(from)
	s.mu.Unlock()
	if moved {
		tell("address", fields{"username": owner.username, "from": text(before), "to": text(from)})
	}
	s.socket.WriteToUDPAddrPort(owner.bindingSuccess(request, from), from)
	owner.pipe.toPion(owner.checkForPion())
}

// end forgets a session; again is harmless.
func (s *server) end(who *session, why string) {
	s.mu.Lock()
	if s.byUsername[who.username] != who {
		s.mu.Unlock()
		return
	}
	delete(s.byUsername, who.username)
	for address, owner := range s.byAddress {
		if owner == who {
			delete(s.byAddress, address)
		}
	}
	who.why = why
	s.ended = append(s.ended, who)
	if who.stream.publisher == who {
		who.stream.publisher = nil
	}
	s.mu.Unlock()
	tell("ended", fields{"username": who.username, "why": why})
	go who.peer.Close() // also called from pion's own callbacks, for which it would wait
}

func (s *server) endIdle() {
	for range time.Tick(s.idle/20 + time.Millisecond) {
		var idle []*session
		s.mu.Lock()
		for _, each := range s.byUsername {
			if time.Since(each.aliveAt) > s.idle {
				idle = append(idle, each)
			}
		}
		s.mu.Unlock()
		for _, each := range idle {
			s.end(each, "idle")
		}
	}
}

func text(address netip.AddrPort) string {
	if !address.IsValid() {
		return ""
	}
	return address.String()
}
