// SPDX-License-Identifier: MIT
// From an offer to a session and its answer.
package main

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v3"
)

var (
	errBusy        = errors.New("the stream has a publisher")
	errUfrag       = errors.New("an ice-ufrag has 4 to 32 characters, an ice-pwd 22 to 32")
	ufragLine      = regexp.MustCompile(`(?m)^a=ice-ufrag:(\S{1,256})`)
	pwdLine        = regexp.MustCompile(`(?m)^a=ice-pwd:(\S{1,256})`)
	candidateLines = regexp.MustCompile(`(?m)^a=(candidate:|end-of-candidates).*\r?\n`)
	pwdLines       = regexp.MustCompile(`(?m)^a=ice-pwd:.*\r?\n`)
	never          = 24 * time.Hour
)

// wish is what the URL and the body of a request ask for.
type wish struct {
	kind, stream, ufrag, pwd, offer string // kind: whip or whep; ufrag, pwd: "" for random ones
}

// open answers an offer with a session. errUfrag, errBusy, or what pion has against the offer.
func (s *server) open(w wish) (*session, string, error) {
	if w.ufrag != "" && (len(w.ufrag) < 4 || len(w.ufrag) > 32) || w.pwd != "" && (len(w.pwd) < 22 || len(w.pwd) > 32) {
		return nil, "", errUfrag
	}
	remoteUfrag, remotePwd := ufragLine.FindStringSubmatch(w.offer), pwdLine.FindStringSubmatch(w.offer)
	if remoteUfrag == nil || remotePwd == nil {
		return nil, "", errors.New("no ice-ufrag or no ice-pwd in the offer")
	}
	if w.pwd == "" {
		w.pwd = randomText(32)
	}
	who := &session{kind: w.kind, token: randomText(9), pwd: w.pwd, remotePwd: remotePwd[1], aliveAt: time.Now(),
		received: map[uint32]uint64{}, sent: map[uint32]uint64{}}
	if err := s.enter(who, w, remoteUfrag[1]); err != nil {
		return nil, "", err
	}
	answer, err := s.connect(who, w)
	if err != nil {
		s.leave(who)
		return nil, "", err
	}
	tell("session", fields{"username": who.username, "kind": w.kind, "stream": w.stream})
	return who, answer, nil
}

// enter gives the session a USERNAME of its own: a wanted ufrag that would not is replaced, as SRS does.
func (s *server) enter(who *session, w wish, remoteUfrag string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	who.stream = s.streamOf(w.stream)
	if w.kind == "whip" && who.stream.publisher != nil {
		return errBusy
	}
	ufrag := w.ufrag
	for ufrag == "" || s.byUsername[ufrag+":"+remoteUfrag] != nil {
		ufrag = randomText(8)
	}
	who.username = ufrag + ":" + remoteUfrag
	s.byUsername[who.username] = who
	who.pipe = newPipe(who, func(packet []byte) { s.send(who, packet) })
	if w.kind == "whip" {
		who.stream.publisher = who
	}
	return nil
}

// leave undoes enter for a session that no client ever knew of.
func (s *server) leave(who *session) {
	s.mu.Lock()
	delete(s.byUsername, who.username)
	if who.stream.publisher == who {
		who.stream.publisher = nil
	}
	s.mu.Unlock()
	if who.peer != nil {
		who.peer.Close()
	}
}

// An alert is the last of a DTLS connection. Pion answers close_notify with one of its own and tells nobody else.
const dtlsAlert = 21

// send brings what pion says to where the session was seen last.
func (s *server) send(who *session, packet []byte) {
	s.mu.Lock()
	to := who.current
	if kindOf(packet) == "media" && len(packet) >= 12 && !isRtcp(packet) {
		who.sent[binary.BigEndian.Uint32(packet[8:])]++
	}
	s.mu.Unlock()
	if to.IsValid() {
		s.socket.WriteToUDPAddrPort(packet, to)
	}
	if packet[0] == dtlsAlert {
		s.end(who, "closed")
	}
}

func (s *server) connect(who *session, w wish) (string, error) {
	api, err := s.api(who)
	if err != nil {
		return "", err
	}
	peer, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	who.peer = peer
	s.mu.Unlock()
	peer.OnConnectionStateChange(func(state webrtc.PeerConnectionState) { s.changed(who, state) })
	peer.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { who.stream.relay(track) })
	if w.kind == "whep" {
		for _, track := range who.stream.tracks {
			sender, err := peer.AddTrack(track)
			if err != nil {
				return "", err
			}
			go s.watch(sender, who.stream)
		}
	}
	offer := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: candidateLines.ReplaceAllString(w.offer, "")}
	if err := peer.SetRemoteDescription(offer); err != nil {
		return "", err
	}
	answer, err := peer.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	if err := peer.SetLocalDescription(answer); err != nil {
		return "", err
	}
	return withCandidate(answer.SDP, s.candidate), nil
}

func (s *server) api(who *session) (*webrtc.API, error) {
	settings := webrtc.SettingEngine{}
	settings.SetLite(true)
	settings.SetICECredentials(strings.SplitN(who.username, ":", 2)[0], who.pwd)
	settings.SetICEUDPMux(who.pipe)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetICETimeouts(never, never, never)
	settings.SetInterfaceFilter(func(string) bool { return false })
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	if err := settings.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return nil, err
	}
	media, interceptors := &webrtc.MediaEngine{}, &interceptor.Registry{}
	video := webrtc.RTPCodecParameters{RTPCodecCapability: videoCodecs[s.video], PayloadType: 108}
	if err := media.RegisterCodec(video, webrtc.RTPCodecTypeVideo); err != nil {
		return nil, err
	}
	audio := webrtc.RTPCodecParameters{RTPCodecCapability: opus, PayloadType: 111}
	if err := media.RegisterCodec(audio, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	// As SRS has it by default: players tell every 50 to 250 ms what came, publishers are told.
	if err := webrtc.ConfigureTWCCHeaderExtensionSender(media, interceptors); err != nil {
		return nil, err
	}
	if err := webrtc.RegisterDefaultInterceptors(media, interceptors); err != nil {
		return nil, err
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(media),
		webrtc.WithInterceptorRegistry(interceptors)), nil
}

func (s *server) changed(who *session, state webrtc.PeerConnectionState) {
	switch state {
	case webrtc.PeerConnectionStateConnected:
		s.mu.Lock()
		who.handshakes++
		remote := who.current
		s.mu.Unlock()
		tell("connected", fields{"username": who.username, "remote": text(remote)})
		s.askKeyframe(who.stream)
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed, webrtc.PeerConnectionStateDisconnected:
		s.end(who, "closed")
	}
}

// withCandidate puts one candidate into each medium of the answer, where SRS has it.
func withCandidate(answer string, at netip.AddrPort) string {
	line := fmt.Sprintf("a=candidate:0 1 udp 2130706431 %s %d typ host generation 0\r\n", at.Addr(), at.Port())
	return pwdLines.ReplaceAllStringFunc(candidateLines.ReplaceAllString(answer, ""),
		func(medium string) string { return medium + line })
}

// randomText has characters of [0-9a-z].
func randomText(length int) string {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyz"
	made := make([]byte, length)
	for i := range made {
		number, err := rand.Int(rand.Reader, big.NewInt(int64(len(letters))))
		exitOn(err)
		made[i] = letters[number.Int64()]
	}
	return string(made)
}
