// SPDX-License-Identifier: MIT
// A stream: one publisher, and two tracks that all its players share.
package main

import (
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v3"
)

var (
	opus        = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	videoCodecs = map[string]webrtc.RTPCodecCapability{
		"h264": {MimeType: webrtc.MimeTypeH264, ClockRate: 90000,
			SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"},
		"vp8": {MimeType: webrtc.MimeTypeVP8, ClockRate: 90000},
	}
)

type stream struct {
	name      string
	publisher *session // guarded by server.mu
	tracks    map[webrtc.RTPCodecType]*webrtc.TrackLocalStaticRTP
}

// streamOf makes it at its first use; server.mu is held.
func (s *server) streamOf(name string) *stream {
	if known := s.streams[name]; known != nil {
		return known
	}
	audio, err := webrtc.NewTrackLocalStaticRTP(opus, "audio", name)
	exitOn(err)
	video, err := webrtc.NewTrackLocalStaticRTP(videoCodecs[s.video], "video", name)
	exitOn(err)
	s.streams[name] = &stream{name: name, tracks: map[webrtc.RTPCodecType]*webrtc.TrackLocalStaticRTP{
		webrtc.RTPCodecTypeAudio: audio, webrtc.RTPCodecTypeVideo: video}}
	return s.streams[name]
}

func (s *server) isPublished(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.streams[name]
	return known != nil && known.publisher != nil
}

// relay gives what comes on a track to all players, until the track ends. Extensions are numbered by the publisher's
// offer, and stay here.
func (s *stream) relay(remote *webrtc.TrackRemote) {
	local := s.tracks[remote.Kind()]
	for {
		packet, _, err := remote.ReadRTP()
		if err != nil {
			return
		}
		packet.Extension, packet.Extensions = false, nil
		_ = local.WriteRTP(packet) // a player that is gone
	}
}

// askKeyframe is for a player that has just come, or has lost one.
func (s *server) askKeyframe(of *stream) {
	s.mu.Lock()
	var peer *webrtc.PeerConnection
	if of.publisher != nil {
		peer = of.publisher.peer
	}
	s.mu.Unlock()
	if peer == nil {
		return
	}
	for _, receiver := range peer.GetReceivers() {
		if track := receiver.Track(); track != nil && track.Kind() == webrtc.RTPCodecTypeVideo {
			_ = peer.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(track.SSRC())}})
		}
	}
}

// watch reads a player's RTCP (NACKs are answered on the way, by pion) for its wishes.
func (s *server) watch(sender *webrtc.RTPSender, of *stream) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, packet := range packets {
			switch packet.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				s.askKeyframe(of)
			}
		}
	}
}
