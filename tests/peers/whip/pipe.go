// SPDX-License-Identifier: MIT
// The network as pion's ICE agent of one session sees it: one peer at one address that never changes. So the agent,
// which always checks integrity and has its own idea of when a peer has moved, decides nothing; server.go does.
package main

import (
	"net"
	"sync"
	"time"

	"github.com/pion/stun"
)

// Addresses for documentation (RFC 5737): they are in no packet.
var (
	pionAddress = &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1).To4(), Port: 8000}
	peerAddress = &net.UDPAddr{IP: net.IPv4(192, 0, 2, 2).To4(), Port: 9000}
)

// pipe is pion's ice.UDPMux, and the only connection of it.
type pipe struct {
	session *session
	toPeer  func([]byte)
	inbound chan []byte
	closed  chan struct{}
	once    sync.Once
}

func newPipe(of *session, toPeer func([]byte)) *pipe {
	return &pipe{session: of, toPeer: toPeer, inbound: make(chan []byte, 4096), closed: make(chan struct{})}
}

// toPion drops the packet when pion is too slow, as a socket does.
func (p *pipe) toPion(packet []byte) {
	select {
	case p.inbound <- packet:
	default:
	}
}

func (p *pipe) ReadFrom(buffer []byte) (int, net.Addr, error) {
	select {
	case packet := <-p.inbound:
		return copy(buffer, packet), peerAddress, nil
	case <-p.closed:
		return 0, nil, net.ErrClosed
	}
}

func (p *pipe) WriteTo(packet []byte, _ net.Addr) (int, error) {
	if kindOf(packet) != "stun" {
		p.toPeer(packet)
		return len(packet), nil
	}
	check := &stun.Message{Raw: append([]byte(nil), packet...)}
	if check.Decode() == nil && check.Type == stun.BindingRequest {
		p.toPion(p.session.answerToPion(check))
	}
	return len(packet), nil
}

func (p *pipe) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipe) GetConn(string, net.Addr) (net.PacketConn, error) { return p, nil }
func (p *pipe) RemoveConnByUfrag(string)                         {}
func (p *pipe) GetListenAddresses() []net.Addr                   { return []net.Addr{pionAddress} }
func (p *pipe) LocalAddr() net.Addr                              { return pionAddress }
func (p *pipe) SetDeadline(time.Time) error                      { return nil }
func (p *pipe) SetReadDeadline(time.Time) error                  { return nil }
func (p *pipe) SetWriteDeadline(time.Time) error                 { return nil }
