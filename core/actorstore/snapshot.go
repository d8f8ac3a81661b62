package actorstore

import "holdfast/core/actorstore/internal/protojson"

// The messages inside an actor: each keeps its own unknown members, and a present but empty one stays present.

func readSnapshotInfo(s *protojson.Scanner) *SnapshotInfo {
	if !s.Enter('{') {
		return nil
	}
	m := &SnapshotInfo{}
	for s.More('}') {
		from := s.Pos
		switch s.Name() {
		case "type":
			m.Type = s.Enum(snapshotNames)
		case "external":
			m.External = readExternal(s)
		case "local":
			m.Local = readLocal(s)
		default:
			m.unknown = s.Unknown(m.unknown, from)
		}
	}
	return m
}

func readExternal(s *protojson.Scanner) *ExternalSnapshot {
	if !s.Enter('{') {
		return nil
	}
	m := &ExternalSnapshot{}
	for s.More('}') {
		from := s.Pos
		switch s.Name() {
		case "snapshotUriPrefix":
			m.SnapshotUriPrefix = s.Str()
		default:
			m.unknown = s.Unknown(m.unknown, from)
		}
	}
	return m
}

func readLocal(s *protojson.Scanner) *LocalSnapshot {
	if !s.Enter('{') {
		return nil
	}
	m := &LocalSnapshot{}
	for s.More('}') {
		from := s.Pos
		switch s.Name() {
		case "snapshotPrefix":
			m.SnapshotPrefix = s.Str()
		case "nodeVmsWithLocalSnapshots":
			m.NodeVmsWithLocalSnapshots = nil
			if s.Enter('[') {
				for s.More(']') {
					m.NodeVmsWithLocalSnapshots = append(m.NodeVmsWithLocalSnapshots, s.Quoted())
				}
			}
		default:
			m.unknown = s.Unknown(m.unknown, from)
		}
	}
	return m
}

func readSelector(s *protojson.Scanner) *Selector {
	if !s.Enter('{') {
		return nil
	}
	m := &Selector{}
	for s.More('}') {
		from := s.Pos
		switch s.Name() {
		case "matchLabels":
			m.MatchLabels = nil
			if s.Enter('{') {
				m.MatchLabels = make(map[string]string)
				for s.More('}') {
					label := s.Name()
					m.MatchLabels[label] = s.Quoted()
				}
			}
		default:
			m.unknown = s.Unknown(m.unknown, from)
		}
	}
	return m
}

func (m *SnapshotInfo) write(w *protojson.Writer) {
	if m == nil {
		return
	}
	w.Key("latestSnapshotInfo")
	w.Open()
	w.Enum("type", m.Type, unspecifiedSnapshot)
	if e := m.External; e != nil {
		w.Key("external")
		w.Open()
		w.Str("snapshotUriPrefix", e.SnapshotUriPrefix)
		w.Unknown(e.unknown)
		w.Close()
	}
	if l := m.Local; l != nil {
		w.Key("local")
		w.Open()
		w.Str("snapshotPrefix", l.SnapshotPrefix)
		w.Strs("nodeVmsWithLocalSnapshots", l.NodeVmsWithLocalSnapshots)
		w.Unknown(l.unknown)
		w.Close()
	}
	w.Unknown(m.unknown)
	w.Close()
}

func (m *Selector) write(w *protojson.Writer) {
	if m == nil {
		return
	}
	w.Key("workerSelector")
	w.Open()
	w.Table("matchLabels", m.MatchLabels)
	w.Unknown(m.unknown)
	w.Close()
}
